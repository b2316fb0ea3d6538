"""The kernels, in Triton. Maps are channels last: a pixel is one row of channels, pixels of a batch follow each other.

Loads beyond a border are masked, sums are in float32, and what lies between the halves is rounded to the maps' own
type, as it would be in memory. Pixel numbers are 32 bits wide; ``WIDE`` makes offsets of elements 64. Channel counts
come as counts of a unit, a power of two, so that the compiler knows how far rows are aligned whatever the count is
(728 is no multiple of 16, which is all that it would look for).

Nothing here checks a shape: ``launch`` is the only caller.
"""

# pyright: basic

from __future__ import annotations

import triton
import triton.language as tl

# What is compiled serves every batch and every size of a map: nothing is gained by knowing what divides these.
SIZES = ("pixels", "height", "width", "high", "broad", "tall", "wide")


@triton.jit
def _activated(v, KIND: tl.constexpr):
    """``v`` behind an activation; NaN stays NaN."""
    if KIND == "relu":
        v = tl.maximum(v, 0.0, propagate_nan=tl.PropagateNan.ALL)
    if KIND == "relu6":
        v = tl.maximum(v, 0.0, propagate_nan=tl.PropagateNan.ALL)
        v = tl.minimum(v, 6.0, propagate_nan=tl.PropagateNan.ALL)
    if KIND == "elu":
        v = tl.where(v > 0.0, v, tl.exp(tl.minimum(v, 0.0, propagate_nan=tl.PropagateNan.ALL)) - 1.0)
    if KIND == "silu":
        v = v * tl.sigmoid(v)
    if KIND == "hardswish":
        gate = tl.maximum(v + 3.0, 0.0, propagate_nan=tl.PropagateNan.ALL)
        v = v * tl.minimum(gate, 6.0, propagate_nan=tl.PropagateNan.ALL) / 6.0
    return v


@triton.jit
def _slope(v, KIND: tl.constexpr):
    """The derivative of an activation at ``v``, as torch has it at its corners and of NaN."""
    slope = tl.full(v.shape, 1.0, tl.float32)
    if KIND == "relu":
        slope = tl.where(v <= 0.0, 0.0, slope)
    if KIND == "relu6":
        slope = tl.where((v <= 0.0) | (v >= 6.0), 0.0, slope)
    if KIND == "elu":
        slope = tl.where(v <= 0.0, tl.exp(tl.minimum(v, 0.0)), slope)
    if KIND == "silu":
        gate = tl.sigmoid(v)
        slope = gate * (1.0 + v * (1.0 - gate))
    if KIND == "hardswish":
        slope = tl.where(v < -3.0, 0.0, tl.where(v <= 3.0, v / 3.0 + 0.5, slope))
    return slope


@triton.jit
def _biased(total, bias, n, out, BIAS: tl.constexpr):
    """``total`` and the bias of channels ``n``, where there is one."""
    if BIAS:
        total += tl.load(bias + n, mask=n < out, other=0.0).to(tl.float32)[None, :]
    return total


@triton.jit
def _depthwise_tile(
    x, taps, pixel, k, pixels, height, width, tall, wide, channels, made,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr, DH: tl.constexpr, DW: tl.constexpr,
    ABOVE: tl.constexpr, LEFT: tl.constexpr, MULTIPLIER: tl.constexpr, BEFORE: tl.constexpr, WIDE: tl.constexpr,
    ROWS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Channels ``k`` of the depthwise result at the output pixels ``pixel``: (ROWS, DEPTH) in float32.

    ``taps`` is (KH * KW, made). Beyond the last pixel and the last channel there is zero.
    """
    there = pixel < pixels
    known = k < made
    image = pixel // (tall * wide)
    place = pixel % (tall * wide)
    top = (place // wide) * SH - ABOVE
    left = (place % wide) * SW - LEFT
    corner = (image * height + top) * width + left
    if WIDE:
        corner = corner.to(tl.int64)
    read = k // MULTIPLIER
    total = tl.zeros((ROWS, DEPTH), tl.float32)
    for row in tl.static_range(KH):
        down = row * DH
        for column in tl.static_range(KW):
            right = column * DW
            inside = there & (top + down >= 0) & (top + down < height) & (left + right >= 0) & (left + right < width)
            at = x + (corner + down * width + right)[:, None] * channels + read[None, :]
            v = tl.load(at, mask=inside[:, None] & known[None, :], other=0.0).to(tl.float32)
            w = tl.load(taps + (row * KW + column) * made + k, mask=known, other=0.0).to(tl.float32)
            total += _activated(v, BEFORE) * w[None, :]
    return total


@triton.jit
def _finish(
    total, bias, residual, y, pixel, n, pixels, out,
    BIAS: tl.constexpr, RESIDUAL: tl.constexpr, AFTER: tl.constexpr, WIDE: tl.constexpr,
):  # fmt: skip
    """Bias, residual and activation; then the tile is stored."""
    mask = (pixel < pixels)[:, None] & (n < out)[None, :]
    row = pixel
    if WIDE:
        row = row.to(tl.int64)
    at = row[:, None] * out + n[None, :]
    total = _biased(total, bias, n, out, BIAS)
    if RESIDUAL:
        total += tl.load(residual + at, mask=mask, other=0.0).to(tl.float32)
    tl.store(y + at, _activated(total, AFTER).to(y.dtype.element_ty), mask=mask)


@triton.jit
def _product(
    rows, pointwise, n, made, out, held,
    BEFORE: tl.constexpr, PRECISION: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """The pixels whose rows of channels begin at ``rows``, masked by ``held``, times the pointwise kernel."""
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for start in tl.range(0, made, DEPTH, num_stages=STAGES):
        k = start + tl.arange(0, DEPTH)
        a = tl.load(rows[:, None] + k[None, :], mask=held[:, None] & (k < made)[None, :], other=0.0)
        if BEFORE != "none":
            a = _activated(a.to(tl.float32), BEFORE).to(a.dtype)
        # The kernel is (out, made): its transpose is read, which the tensor cores take as it is.
        mask = (k < made)[:, None] & (n < out)[None, :]
        w = tl.load(pointwise + n[None, :] * made + k[:, None], mask=mask, other=0.0)
        total = tl.dot(a, w, total, input_precision=PRECISION)
    return total


@triton.jit(do_not_specialize=SIZES)
def span(
    x, taps, middle_bias, pointwise, bias, residual, y,
    pixels, height, width, tall, wide, channel_units, made_units, out_units,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr, DH: tl.constexpr, DW: tl.constexpr,
    ABOVE: tl.constexpr, LEFT: tl.constexpr, MULTIPLIER: tl.constexpr,
    BEFORE: tl.constexpr, BETWEEN: tl.constexpr, AFTER: tl.constexpr,
    MIDDLE_BIAS: tl.constexpr, BIAS: tl.constexpr, RESIDUAL: tl.constexpr, WIDE: tl.constexpr,
    CHANNEL_UNIT: tl.constexpr, MADE_UNIT: tl.constexpr, OUT_UNIT: tl.constexpr, PRECISION: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Both halves in one pass: the depthwise tile goes from registers into the product.

    Where COLUMNS spans all output channels it is computed once. The programs of one row of tiles are neighbours, so
    what they read again is in a cache. The loop is not pipelined: nine shifted tiles in flight would fill the shared
    memory; several programs on a multiprocessor hide each other's waits.
    """
    channels, made, out = channel_units * CHANNEL_UNIT, made_units * MADE_UNIT, out_units * OUT_UNIT
    across = tl.cdiv(out, COLUMNS)
    pixel = (tl.program_id(0) // across) * ROWS + tl.arange(0, ROWS)
    n = (tl.program_id(0) % across) * COLUMNS + tl.arange(0, COLUMNS)
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for start in tl.range(0, made, DEPTH, num_stages=1):
        k = start + tl.arange(0, DEPTH)
        middle = _depthwise_tile(
            x, taps, pixel, k, pixels, height, width, tall, wide, channels, made,
            KH, KW, SH, SW, DH, DW, ABOVE, LEFT, MULTIPLIER, BEFORE, WIDE, ROWS, DEPTH,
        )  # fmt: skip
        middle = _activated(_biased(middle, middle_bias, k, made, MIDDLE_BIAS), BETWEEN)
        mask = (k < made)[:, None] & (n < out)[None, :]
        w = tl.load(pointwise + n[None, :] * made + k[:, None], mask=mask, other=0.0)
        total = tl.dot(middle.to(w.dtype), w, total, input_precision=PRECISION)
    _finish(total, bias, residual, y, pixel, n, pixels, out, BIAS, RESIDUAL, AFTER, WIDE)


@triton.jit(do_not_specialize=SIZES)
def persistent(
    x, taps, middle_bias, pointwise, bias, residual, y, scratch,
    pixels, height, width, tall, wide, channel_units, made_units, out_units,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr, DH: tl.constexpr, DW: tl.constexpr,
    ABOVE: tl.constexpr, LEFT: tl.constexpr, MULTIPLIER: tl.constexpr,
    BEFORE: tl.constexpr, BETWEEN: tl.constexpr, AFTER: tl.constexpr,
    MIDDLE_BIAS: tl.constexpr, BIAS: tl.constexpr, RESIDUAL: tl.constexpr, WIDE: tl.constexpr,
    CHANNEL_UNIT: tl.constexpr, MADE_UNIT: tl.constexpr, OUT_UNIT: tl.constexpr, PRECISION: tl.constexpr,
    LINES: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Both halves in turn, a tile of pixels at a time: the depthwise rows of a tile go through ``scratch``, of which
    each program has (ROWS, made) of its own and which is small enough to stay in the L2 cache.

    Two programs on a multiprocessor overlap one's depthwise half, which is memory's, with the other's product.
    """
    channels, made, out = channel_units * CHANNEL_UNIT, made_units * MADE_UNIT, out_units * OUT_UNIT
    own = scratch + tl.program_id(0) * ROWS * made
    for tile in range(tl.program_id(0), tl.cdiv(pixels, ROWS), tl.num_programs(0)):
        for part in range(0, ROWS, LINES):
            line = part + tl.arange(0, LINES)
            for start in tl.range(0, made, DEPTH, num_stages=1):
                k = start + tl.arange(0, DEPTH)
                middle = _depthwise_tile(
                    x, taps, tile * ROWS + line, k, pixels, height, width, tall, wide, channels, made,
                    KH, KW, SH, SW, DH, DW, ABOVE, LEFT, MULTIPLIER, BEFORE, WIDE, LINES, DEPTH,
                )  # fmt: skip
                middle = _activated(_biased(middle, middle_bias, k, made, MIDDLE_BIAS), BETWEEN)
                at = own + line[:, None] * made + k[None, :]
                tl.store(at, middle.to(scratch.dtype.element_ty), mask=(k < made)[None, :])
        tl.debug_barrier()  # every warp's rows are there before any warp reads them
        pixel = tile * ROWS + tl.arange(0, ROWS)
        rows = own + tl.arange(0, ROWS) * made
        for column in range(0, out, COLUMNS):
            n = column + tl.arange(0, COLUMNS)
            total = _product(
                rows, pointwise, n, made, out, pixel < pixels, "none", PRECISION, ROWS, COLUMNS, DEPTH, STAGES
            )
            _finish(total, bias, residual, y, pixel, n, pixels, out, BIAS, RESIDUAL, AFTER, WIDE)
        tl.debug_barrier()  # and read before the next tile's rows take their place


@triton.jit(do_not_specialize=SIZES)
def pooled_sum(
    pooled, x, kernel, bias, y, pixels, height, width, high, broad, tall, wide, channel_units, out_units,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr, ABOVE: tl.constexpr, LEFT: tl.constexpr,
    DOWN: tl.constexpr, RIGHT: tl.constexpr, BIAS: tl.constexpr, WIDE: tl.constexpr,
    CHANNEL_UNIT: tl.constexpr, OUT_UNIT: tl.constexpr, PRECISION: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """The largest of each window of ``pooled``, (height, width), plus the product of every DOWN-th, RIGHT-th pixel of
    ``x``, (high, broad).

    No program needs what another one reads of ``pooled``, but for the rows that windows share.
    """
    channels, out = channel_units * CHANNEL_UNIT, out_units * OUT_UNIT
    across = tl.cdiv(out, COLUMNS)
    pixel = (tl.program_id(0) // across) * ROWS + tl.arange(0, ROWS)
    n = (tl.program_id(0) % across) * COLUMNS + tl.arange(0, COLUMNS)
    there = pixel < pixels
    image, place = pixel // (tall * wide), pixel % (tall * wide)
    row, column = place // wide, place % wide
    source = (image * high + row * DOWN) * broad + column * RIGHT
    top, left = row * SH - ABOVE, column * SW - LEFT
    corner = (image * height + top) * width + left
    if WIDE:
        source, corner = source.to(tl.int64), corner.to(tl.int64)
    total = _product(
        x + source * channels, kernel, n, channels, out, there, "none", PRECISION, ROWS, COLUMNS, DEPTH, STAGES
    )
    largest = tl.full((ROWS, COLUMNS), float("-inf"), tl.float32)
    for down in tl.static_range(KH):
        for right in tl.static_range(KW):  # pyright: ignore[reportGeneralTypeIssues]
            inside = there & (top + down >= 0) & (top + down < height) & (left + right >= 0) & (left + right < width)
            at = pooled + (corner + down * width + right)[:, None] * out + n[None, :]
            v = tl.load(at, mask=inside[:, None] & (n < out)[None, :], other=float("-inf")).to(tl.float32)
            largest = tl.maximum(largest, v, propagate_nan=tl.PropagateNan.ALL)
    _finish(total + largest, bias, y, y, pixel, n, pixels, out, BIAS, False, "none", WIDE)


@triton.jit(do_not_specialize=SIZES)
def depthwise(
    x, taps, bias, residual, y, pixels, height, width, tall, wide, channel_units, made_units,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr, DH: tl.constexpr, DW: tl.constexpr,
    ABOVE: tl.constexpr, LEFT: tl.constexpr, MULTIPLIER: tl.constexpr, BEFORE: tl.constexpr, AFTER: tl.constexpr,
    BIAS: tl.constexpr, RESIDUAL: tl.constexpr, WIDE: tl.constexpr,
    CHANNEL_UNIT: tl.constexpr, MADE_UNIT: tl.constexpr, ROWS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """The depthwise half alone."""
    channels, made = channel_units * CHANNEL_UNIT, made_units * MADE_UNIT
    across = tl.cdiv(made, DEPTH)
    pixel = (tl.program_id(0) // across) * ROWS + tl.arange(0, ROWS)
    k = (tl.program_id(0) % across) * DEPTH + tl.arange(0, DEPTH)
    total = _depthwise_tile(
        x, taps, pixel, k, pixels, height, width, tall, wide, channels, made,
        KH, KW, SH, SW, DH, DW, ABOVE, LEFT, MULTIPLIER, BEFORE, WIDE, ROWS, DEPTH,
    )  # fmt: skip
    _finish(total, bias, residual, y, pixel, k, pixels, made, BIAS, RESIDUAL, AFTER, WIDE)


@triton.jit(do_not_specialize=SIZES)
def depthwise_back(
    gradient, x, taps, by_x, sums, pixels, height, width, tall, wide, channel_units,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr, DH: tl.constexpr, DW: tl.constexpr,
    ABOVE: tl.constexpr, LEFT: tl.constexpr, BEFORE: tl.constexpr, WIDE: tl.constexpr,
    CHANNEL_UNIT: tl.constexpr, TAPS: tl.constexpr, TIMES: tl.constexpr, ROWS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Both derivatives of the depthwise half in one pass over ``x``, whose pixels are counted: by the map, through the
    activation ahead, and by the kernel.

    What a pixel gives to the result by a tap is what that tap's derivative takes of it, so each gradient is read for
    both. A program goes through TIMES tiles and leaves sums of its own for every tap: (programs, KH * KW, channels).
    """
    channels = channel_units * CHANNEL_UNIT
    across = tl.cdiv(channels, DEPTH)
    group = tl.program_id(0) // across
    k = (tl.program_id(0) % across) * DEPTH + tl.arange(0, DEPTH)
    known = k < channels
    tap = tl.arange(0, TAPS)
    total = tl.zeros((TAPS, DEPTH), tl.float32)
    for step in range(TIMES):
        pixel = (group * TIMES + step) * ROWS + tl.arange(0, ROWS)
        there = pixel < pixels
        image, place = pixel // (height * width), pixel % (height * width)
        row, column = place // width + ABOVE, place % width + LEFT
        if WIDE:
            pixel = pixel.to(tl.int64)
        held = there[:, None] & known[None, :]
        at = pixel[:, None] * channels + k[None, :]
        v = tl.load(x + at, mask=held, other=0.0).to(tl.float32)
        read = _activated(v, BEFORE)
        found = tl.zeros((ROWS, DEPTH), tl.float32)
        for line in tl.static_range(KH):
            down = row - line * DH
            for spot in tl.static_range(KW):
                right = column - spot * DW
                inside = there & (down >= 0) & (down % SH == 0) & (down // SH < tall)
                inside = inside & (right >= 0) & (right % SW == 0) & (right // SW < wide)
                source = (image * tall + down // SH) * wide + right // SW
                if WIDE:
                    source = source.to(tl.int64)
                given = gradient + source[:, None] * channels + k[None, :]
                g = tl.load(given, mask=inside[:, None] & known[None, :], other=0.0).to(tl.float32)
                w = tl.load(taps + (line * KW + spot) * channels + k, mask=known, other=0.0).to(tl.float32)
                found += g * w[None, :]
                total += tl.where(tap[:, None] == line * KW + spot, tl.sum(g * read, 0)[None, :], 0.0)
        tl.store(by_x + at, (found * _slope(v, BEFORE)).to(by_x.dtype.element_ty), mask=held)
    own = (group * KH * KW + tap)[:, None] * channels + k[None, :]
    tl.store(sums + own, total, mask=(tap < KH * KW)[:, None] & known[None, :])


@triton.jit(do_not_specialize=SIZES)
def pointwise(
    x, kernel, bias, residual, y, pixels, channel_units, out_units,
    BEFORE: tl.constexpr, AFTER: tl.constexpr, BIAS: tl.constexpr, RESIDUAL: tl.constexpr, WIDE: tl.constexpr,
    CHANNEL_UNIT: tl.constexpr, OUT_UNIT: tl.constexpr, PRECISION: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """The pointwise half alone: a matrix product whose end adds a residual."""
    channels, out = channel_units * CHANNEL_UNIT, out_units * OUT_UNIT
    across = tl.cdiv(out, COLUMNS)
    pixel = (tl.program_id(0) // across) * ROWS + tl.arange(0, ROWS)
    n = (tl.program_id(0) % across) * COLUMNS + tl.arange(0, COLUMNS)
    row = pixel
    if WIDE:
        row = row.to(tl.int64)
    total = _product(
        x + row * channels, kernel, n, channels, out, pixel < pixels, BEFORE, PRECISION, ROWS, COLUMNS, DEPTH, STAGES
    )
    _finish(total, bias, residual, y, pixel, n, pixels, out, BIAS, RESIDUAL, AFTER, WIDE)
