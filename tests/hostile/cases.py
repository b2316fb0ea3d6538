"""The hostile files: what each contains, and the code that it must end in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.hostile.folders import chain, circle, fan, heavy, linked, pipe, secret, secret_folder
from tests.hostile.texts import (
    BLOCK,
    DESCENT,
    HEAD,
    KEPT,
    LIST,
    NESTED,
    RING,
    UNLIKE,
    beside,
    chained,
    circling,
    doubling,
    expression,
    extending,
    growing_params,
    in_block,
    listed,
    many_ports,
    misspelt,
    model,
    named,
    numbered,
    params,
    projecting,
    remedied,
    ring,
    squared,
    taken,
    unused,
)


class Case(NamedTuple):
    """The text of ``spec.toml``, the code that it ends in, and what stands beside it.

    ``seconds`` of processor time are what it may take.
    """

    text: str | bytes
    code: str
    prepare: Callable[[Path], object] | None = None
    seconds: int = 1


CASES: Mapping[str, Case] = {
    # Large things out of little.
    "repeat_of_a_billion": Case(model('{ op = "relu", repeat = 1000000000 }'), "GB604"),
    "repeat_of_64_bits": Case(model('{ op = "relu", repeat = 9223372036854775807 }'), "GB604"),
    "repeats_in_repeats": Case(model('{ use = "a", repeat = 1000 }', more=NESTED), "GB604"),
    "repeat_beside": Case(model('{ op = "relu", repeat = 1000000000, merge = "add" }'), "GB604"),
    "repeat_of_varying_copies": Case(model('{ op = "leakyrelu", slope = "=0.1 * i", repeat = 1000000 }'), "GB604"),
    "a_trillion_parameters": Case(
        'format = 1\nname = "case"\n[inputs]\nx = [1000000]\n[model]\nbody = [{ op = "linear", out = 1000000 }]\n',
        "GB606",
    ),
    "a_parameter_of_a_trillion": Case(model('{ op = "parameter", shape = [10000, 10000, 10000] }'), "GB606"),
    "a_huge_resize": Case(model('{ op = "resize", factor = 1000000000 }'), "GB607"),
    "a_huge_input": Case(
        model('{ op = "relu" }').replace("[3, 8, 8]", "[2000000000, 2000000000, 2000000000]"), "GB607"
    ),
    "a_huge_padding": Case(model('{ op = "pad", sides = 2147483647 }'), "GB607"),
    "a_huge_kernel": Case(model('{ op = "conv", out = 1, kernel = 2147483647, padding = "same" }'), "GB212"),
    "many_dimensions": Case(model('{ op = "relu" }').replace("[3, 8, 8]", str([2] * 20000)), "GB607"),
    "many_parts_of_a_split": Case(model('{ op = "split", count = 1000000000 }'), "GB307"),
    "as_many_parts_as_channels": Case(
        model('{ op = "conv", out = 1000000000, kernel = 1 }, { op = "split", count = 1000000000 }'), "GB307"
    ),
    "all_parts_read_often": Case(
        model(
            '{ op = "conv", out = 1024, kernel = 1 }, { id = "s", op = "split", count = 1024 }, '
            + '{ op = "add", from = "s.*" }, ' * 1000
            + '{ op = "relu" }'
        ),
        "GB608",
    ),
    "groups_without_end": Case(model('{ op = "conv", out = 2147483647, kernel = 1, groups = 2147483647 }'), "GB202"),
    "a_reshape_of_nothing": Case(model('{ op = "reshape", shape = [0, -1] }'), "GB209"),
    "an_endless_expression_of_lists": Case(growing_params(30), "GB158"),
    "numbers_that_square": Case(squared(60), "GB158"),
    "a_product_of_a_list": Case(expression("len([1, 2, 3] * 1000000000)"), "GB156"),
    "a_text_of_half_a_megabyte": Case(f"# {'x' * 500_000}\n{model(BLOCK)}", "GB601"),
    "a_body_of_ten_thousand_steps_that_read_all": Case(
        model(
            *['{ op = "relu" }'] * 2000, '{ op = "add", from = [' + ", ".join(['"relu"'] * 9000) + "] }", '{ op = "x" }'
        ),
        "GB303",
    ),
    "blocks_that_double": Case(doubling(30), "GB608"),
    "all_copies_of_a_long_repeat": Case(
        model('{ op = "relu", repeat = 99999 }', '{ op = "concat", from = "relu.*" }'), "GB608"
    ),
    "too_many_copies_to_be_joined": Case(
        model('{ op = "conv", out = 3, kernel = 1, repeat = 99999, merge = "add" }'), "GB608"
    ),
    "projections_that_double": Case(projecting(30), "GB604"),
    "a_list_of_thirty_thousand_blocks": Case(listed(30_000), "GB608"),
    "copies_that_all_differ": Case(model('{ op = "leakyrelu", slope = "=0.1 * i", repeat = 99999 }'), "GB608"),
    "repeats_of_convolutions_that_all_differ": Case(
        model('{ use = "b", repeat = 99, k = "=i" }', more=UNLIKE.format('"=i + 1 + k * 100"')), "GB608"
    ),
    "uses_of_one_block_that_all_differ": Case(
        model('{ use = "b", repeat = 9000, k = "=i % 9" }', more=UNLIKE.format('"=k + 1"')), "GB608"
    ),
    "blocks_that_nothing_uses": Case(
        model(BLOCK, more=numbered('[blocks.b{}]\nbody = [{{ op = "relu" }}]', 3300)), "GB608"
    ),
    "convolutions_that_all_differ": Case(model('{ op = "conv", out = "=1 + i", kernel = 1, repeat = 4990 }'), "GB608"),
    "composites_that_all_differ": Case(model('{ op = "sepconv", out = "=i + 1", kernel = 1, repeat = 4990 }'), "GB608"),
    "copies_beside_one_another_that_all_differ": Case(
        model('{ op = "conv", out = "=i + 1", kernel = [1, "=i % 8 + 1"], repeat = 3000, merge = "add" }'), "GB204"
    ),
    "faulty_copies_beside_one_another": Case(
        model('{ op = "squeezeexcite", reduce = "=i + 1", repeat = 4900, merge = "add" }'), "GB305"
    ),
    # Lists that are gone through again and again.
    "lets_of_very_many_copies": Case(in_block(numbered('l{} = "=k + 1"', 400)), "GB610"),
    "a_list_of_lists_where_a_number_stands": Case(
        model(f'{{ op = "conv", out = 1, kernel = [{"[], " * 50_000}] }}'), "GB307"
    ),
    "choices_by_the_ten_thousand": Case(params(f"a = {{ default = 1, choices = [{'0, ' * 50_000}] }}"), "GB120"),
    # Nothing but words.
    "eighty_thousand_empty_texts": Case(model("{ use = [" + "''," * 80_000 + "] }"), "GB612"),
    "fifty_thousand_texts_for_sizes": Case(model(BLOCK).replace("[3, 8, 8]", "[" + "''," * 50_000 + "]"), "GB103"),
    "twenty_thousand_params": Case(params(numbered("p{} = 1", 20_000), step='{ op = "x" }'), "GB303"),
    "unknown_names_by_the_ten_thousand": Case(
        model('{ op = "conv", out = 3, kernel = [' + numbered('"=u{}",', 24_000).replace("\n", "") + "] }"), "GB155"
    ),
    "lets_that_read_each_other": Case(chained(14_000), "GB303"),
    "sums_of_a_list_in_every_copy": Case(in_block(numbered('l{} = "=sum(a) + k"', 100)), "GB610"),
    "slices_of_a_list_by_name": Case(in_block(numbered('l{} = "=a[1:]"', 9000)), "GB610"),
    "lists_that_are_compared": Case(in_block(numbered('l{} = "=a == a and a == a"', 3000)), "GB610"),
    "slices_of_a_list_as_arguments": Case(
        params(*LIST, step=numbered('{{ use = "b", k = "=a[{}:]" }},', 1500).replace("\n", " ")) + KEPT, "GB610"
    ),
    "a_list_as_argument_of_every_copy": Case(
        params(*LIST, step='{ use = "b", k = "=[i] + a[1:]", repeat = 2000 }') + KEPT, "GB610"
    ),
    "a_list_that_every_copy_searches": Case(
        params(*LIST, step='{ op = "leakyrelu", slope = "=0.1 if i + 20000 in a else 0.2", repeat = 4900 }'), "GB610"
    ),
    "a_default_of_ten_thousand": Case(
        model(*['{ op = "reshape" }'] * 5000, more=f"[defaults.reshape]\nshape = {[1] * 10_000}"), "GB610"
    ),
    "many_params_in_every_copy": Case(
        params(numbered("p{0} = {0}", 15_000), step='{ op = "leakyrelu", slope = "=0.1 * i", repeat = 4900 }'), "GB610"
    ),
    "values_of_every_copy": Case(taken(3000), "GB610"),
    "a_thousand_times_two_hundred_values": Case(many_ports(200), "GB608"),
    # Mistakes.
    "a_circle_of_five_thousand": Case(
        model(*[f'{{ id = "s{n}", op = "relu", from = "s{(n + 1) % 5200}" }}' for n in range(5200)]), "GB302"
    ),
    "circles_through_the_first": Case(circling(4400, "s0"), "GB302"),
    "four_thousand_branches": Case(beside(4000), "GB608"),
    "dotted_keys_of_inputs": Case(
        f'format = 1\nname = "case"\n[inputs]\n{numbered("a{0}.b = 1", 10_000)}\n[model]\nbody = [{BLOCK}]\n', "GB609"
    ),
    "unknown_blocks_beside_two_thousand": Case(
        model(
            *[f'{{ use = "zz{n}" }}' for n in range(100)],
            more="[blocks]\n" + numbered('b{} = {{ body = [{{ op = "relu" }}] }}', 2000),
        ),
        "GB304",
    ),
    "sums_that_cannot_be": Case(
        model(*[BLOCK] * 1500, *[f'{{ op = "add", from = ["conv_{n + 2}", "x"] }}' for n in range(98)]),
        "GB204",
    ),
    "choices_of_a_long_list": Case(
        params(
            f"p = {{ default = {[1] * 20_000}, choices = {[*range(20_000, 1, -1)]} }}".replace(" ", ""),
            step='{ op = "relu" }',
        ),
        "GB120",
    ),
    "a_repeat_over_a_list_of_fifty_thousand": Case(
        model(f'{{ op = "relu", repeat = [{"1," * 50_000}] }}', '{ op = "relu", repeat = 60000 }'), "GB604"
    ),
    "a_reshape_of_fifty_thousand_ones": Case(model(f'{{ op = "reshape", shape = {[1] * 50_000} }}'), "GB209"),
    "ten_thousand_blocks_of_nothing": Case(
        "".join(f"[blocks.a{n}]\nbody = []\n" for n in range(10_000)), "GB313", seconds=2
    ),
    "seventeen_thousand_steps_in_a_line": Case(model(*['{op="relu"}'] * 17_000), "GB608"),
    "ten_thousand_unknown_ops": Case(model(*['{ op = "x" }'] * 10_000), "GB609"),
    "eight_thousand_unknown_steps": Case(model(*['{ op = "relu", from = "nope" }'] * 8000), "GB609"),
    "five_thousand_unused_blocks": Case(unused(5000), "GB609"),
    "four_thousand_misspelt_arguments_of_fifteen_hundred": Case(misspelt(4000, 1500), "GB305"),
    "three_thousand_outputs_of_steps_that_are_not": Case(
        model(
            *(f'{{ id = "s{n}", op = "relu" }}' for n in range(3000)),
            more="[outputs]\n" + numbered('o{0} = "t{0}"', 3000),
        ),
        "GB301",
        seconds=2,
    ),
    # Depth.
    "a_thousand_brackets": Case(f"{HEAD}[params]\na = {'[' * 1000}{']' * 1000}\n", "GB602"),
    "a_thousand_open_brackets": Case(f"a = {'[' * 100_000}", "GB602"),
    "a_thousand_inline_tables": Case("a = " + "{ a = " * 1000 + "1" + " }" * 1000, "GB602"),
    "a_dotted_key_of_40_kB": Case(".".join(["a"] * 20_000) + " = 1\n", "GB603"),
    "a_header_of_40_kB": Case("[" + ".".join(["a"] * 20_000) + "]\n", "GB603"),
    "a_quoted_dotted_key": Case(".".join(['"a"'] * 20_000) + " = 1\n", "GB603"),
    "ten_thousand_headers": Case("".join(f"[a.b.c.d.e.f.g{n}]\n" for n in range(10_000)), "GB101"),
    "blocks_in_a_ring": Case(model('{ use = "a" }', more=RING), "GB314"),
    "five_thousand_blocks_in_a_ring": Case(model('{ use = "b0" }', more=ring(5000)), "GB314"),
    "blocks_that_descend_for_ever": Case(model('{ use = "a", k = 0 }', more=DESCENT), "GB314"),
    "a_path_of_a_thousand_parts": Case(
        model('{ op = "relu" }', f'{{ op = "relu", from = "{".".join(["relu"] * 1000)}" }}'), "GB301"
    ),
    # Numbers.
    "a_megabyte_of_hex": Case(params(f"a = 0x{'f' * 200_000}"), "GB007"),
    "a_hundred_kilobytes_of_digits": Case(params(f"a = {'9' * 100_000}"), "GB007"),
    "a_size_of_hex": Case(model('{ op = "relu" }').replace("[3, 8, 8]", f"[0x{'f' * 100_000}, 8, 8]"), "GB007"),
    "an_infinite_slope": Case(model('{ op = "leakyrelu", slope = inf }'), "GB307"),
    "a_slope_that_is_no_number": Case(model('{ op = "leakyrelu", slope = nan }'), "GB307"),
    "an_infinite_param": Case(params("a = inf"), "GB158"),
    "a_repeat_of_nan": Case(model('{ op = "relu", repeat = nan }'), "GB103"),
    "a_float_of_many_digits": Case(model(f'{{ op = "leakyrelu", slope = 1e{"9" * 1000} }}'), "GB307"),
    "a_factor_of_almost_nothing": Case(model('{ op = "resize", factor = 1e-300 }'), "GB208"),
    # Expressions.
    "a_power": Case(expression("9**9**9"), "GB152"),
    "three_thousand_minuses": Case(expression("-" * 3000 + "1"), "GB153"),
    "a_hundred_and_ninety_minuses": Case(expression("-" * 190 + "1"), "GB153"),
    "a_hundred_brackets": Case(expression("[" * 95 + "1" + "]" * 95), "GB153"),
    "a_long_product": Case(expression("*".join(["9999999999"] * 18)), "GB158"),
    "a_shift": Case(expression("1 << 1000000000"), "GB152"),
    "an_attribute": Case(expression("().__class__"), "GB152"),
    "an_import": Case(expression("__import__('evil').run()"), "GB152"),
    "a_call_of_open": Case(expression("open('secret.toml')"), "GB152"),
    "a_lambda": Case(expression("(lambda: 1)()"), "GB152"),
    "a_comprehension": Case(expression("sum([i for i in x])"), "GB152"),
    "a_walrus": Case(expression("(a := 1)"), "GB152"),
    "an_f_string": Case(expression("f'{1}'"), "GB152"),
    "a_repeated_string": Case(expression("len('aaaaaaaaaa' * 999999999)"), "GB156"),
    "a_division_by_zero": Case(expression("1 // 0"), "GB157"),
    "a_float_beyond_all": Case(expression("round(1e308 * 10)"), "GB158"),
    "a_nul_in_an_expression": Case(expression("1\\u0000"), "GB151"),
    "half_a_surrogate": Case(expression("\\ud800"), "GB005"),
    # Names.
    **{
        f"a_step_called_{label}": Case(named(name), code)
        for label, name, code in (
            ("forward", "forward", "GB111"),
            ("class", "__class__", "GB110"),
            ("a_path", "a.b", "GB110"),
            ("nul", "a\\u0000b", "GB110"),
            ("an_escape", "a\\u001b[31mred", "GB110"),
            ("bidi", "a\\u202egnp", "GB110"),
            ("nothing", "", "GB110"),
            ("self", "self", "GB111"),
            ("a_statement", "x); import os; (", "GB110"),
            ("a_mathematical_x", "\\U0001d54f", "GB110"),
            ("something_long", "a" * 100_000, "GB110"),
        )
    },
    "an_input_called_torch": Case(model(BLOCK).replace("x = [3", "torch = [3"), "GB111"),
    "a_param_called_item": Case(params("item = 1"), "GB111"),
    "an_output_called_code": Case(model(BLOCK, more='[outputs]\n"a\\"); evil(" = "conv"'), "GB110"),
    "an_op_of_ours_by_path": Case(model('{ op = "evil.run" }'), "GB303"),
    "an_op_that_is_a_module": Case(model('{ op = "os.system" }'), "GB303"),
    "an_initialiser_by_path": Case(model('{ op = "conv", out = 4, kernel = 1, init = "evil.run" }'), "GB322"),
    "an_activation_by_path": Case(model('{ op = "activation", kind = "evil.run" }'), "GB307"),
    # Bytes.
    "nul_bytes": Case(b"\0" * 10_000, "GB005"),
    "not_utf_8": Case(b'format = 1\nname = "\xff\xfe"\n', "GB004"),
    "utf_16": Case(model(BLOCK).encode("utf-16"), "GB004"),
    "escape_sequences": Case(model('{ op = "\\u001b]0;owned\\u0007\\u001b[2J" }'), "GB303"),
    "bare_carriage_returns": Case(b"format = 1\rname = 2\r" * 1000, "GB005"),
    "bidi_in_a_key": Case(f'{HEAD}"\u202e\u2066evil" = 1\n', "GB110"),
    "an_empty_file": Case("", "GB102"),
    "comments_alone": Case("#" * 200_000, "GB102"),
    "a_string_without_end": Case('a = """' + "x" * 200_000, "GB005"),
    "quotes_without_end": Case("a = " + '"' * 200_000, "GB005"),
    "escaped_quotes_without_end": Case('a = """' + '\\"' * 100_000, "GB005"),
    "a_word_of_200_kB": Case("a" * 200_000, "GB005"),
    "values_of_nothing_in_a_row": Case("a = 1" + ',  = "b"' * 20_000, "GB005"),
    "a_list_that_a_comment_of_blanks_leaves_open": Case("a = [ #" + "\t" * 200_000 + "b\n", "GB005"),
    "lines_of_nothing": Case("a = [" + ":\n" * 100_000, "GB005"),
    "a_text_of_brackets_without_end": Case('a = "' + "a = {\n" * 1000, "GB005"),
    "carriage_returns_in_pairs": Case('a = "' + "\r\r\n" * 1000, "GB005"),
    "ten_thousand_escapes": Case('a = "' + "\\" * 200_001 + '"', "GB005"),
    # Other files.
    "extends_itself": Case(extending("spec.toml"), "GB115"),
    "extends_in_a_circle": Case(extending("one.toml"), "GB115", circle),
    "extends_too_many": Case(extending("0.toml"), "GB116", fan),
    "extends_what_is_absolute": Case(extending("/etc/passwd"), "GB114"),
    "extends_what_is_above": Case(extending("../secret.toml"), "GB114", secret),
    "extends_what_is_above_in_a_round": Case(extending("./inner/../../secret.toml"), "GB114", secret),
    "extends_a_link_that_leads_out": Case(extending("linked.toml"), "GB114", linked("/etc/passwd")),
    "extends_through_a_folder_that_leads_out": Case(extending("inner/secret.toml"), "GB114", secret_folder),
    "extends_a_link_to_itself": Case(extending("linked.toml"), "GB114", linked("linked.toml")),
    "extends_a_device": Case(extending("linked.toml"), "GB114", linked("/dev/zero")),
    "extends_a_pipe": Case(extending("pipe.toml"), "GB114", pipe),
    "extends_a_folder": Case(extending("."), "GB114"),
    "extends_much_in_a_chain": Case(extending("1.toml"), "GB601", chain),
    "extends_something_heavy": Case(extending("heavy.toml"), "GB601", heavy),
    "extends_nul": Case(extending("a\\u0000b.toml"), "GB114"),
    "extends_what_is_long": Case(extending("a" * 5000 + ".toml"), "GB114"),
    "extends_what_is_deep": Case(extending("a/" * 120_000 + "b.toml"), "GB114"),
    "extends_an_address": Case(extending("http://127.0.0.1:9/spec.toml"), "GB114"),
    "extends_a_home": Case(extending("~/spec.toml"), "GB114"),
    "extends_nothing": Case(extending(""), "GB114"),
    "a_line_of_a_text_like_a_header": Case(remedied("[" + "a" * 20000), "GB204"),
    "a_long_title_behind_a_blank": Case(
        remedied("").replace("format = 1\n", 'format = 1\ntitle = """\n[' + "a" * 20000 + '\n"""\n', 1), "GB204"
    ),
    "forty_thousand_blanks_for_a_size": Case(HEAD.replace("[3, 8, 8]", f'"{" " * 40000}"'), "GB103"),
}

# What takes most of a second to refuse, ten times as long as all others together.
LARGE = frozenset(
    (
        "blocks_that_double",
        "eight_thousand_unknown_steps",
        "a_repeat_over_a_list_of_fifty_thousand",
        "a_reshape_of_fifty_thousand_ones",
        "ten_thousand_blocks_of_nothing",
        "five_thousand_blocks_in_a_ring",
        "five_thousand_unused_blocks",
        "seventeen_thousand_steps_in_a_line",
        "fifty_thousand_texts_for_sizes",
        "twenty_thousand_params",
        "unknown_names_by_the_ten_thousand",
        "lets_that_read_each_other",
        "ten_thousand_unknown_ops",
        "many_dimensions",
        "a_body_of_ten_thousand_steps_that_read_all",
        "ten_thousand_headers",
        "repeats_of_convolutions_that_all_differ",
        "four_thousand_misspelt_arguments_of_fifteen_hundred",
        "three_thousand_outputs_of_steps_that_are_not",
        "a_list_of_thirty_thousand_blocks",
        "values_of_every_copy",
        "a_circle_of_five_thousand",
        "circles_through_the_first",
        "four_thousand_branches",
        "dotted_keys_of_inputs",
        "unknown_blocks_beside_two_thousand",
        "sums_that_cannot_be",
    )
)
