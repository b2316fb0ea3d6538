"""Plans that were found on this machine, in the user's folder of caches: one file a case, named by what it is for.

A folder that cannot be written to, or a file that is none, costs time and nothing else.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from graphbuilder.diagnostics import CompileError
from graphbuilder.files import write_whole
from graphbuilder.tuning.plan import Case, Plan, read


def kept(case: Case, seconds: float) -> Plan | None:
    """The plan for this very case, if one was looked for at least as long; of a case, versions and all are the key."""
    path = path_of(case)
    try:
        plan, _ = read(path) if path.is_file() else (None, None)
    except (CompileError, OSError):
        return None
    return plan if plan is not None and plan.case == case and plan.budget >= seconds else None


def keep(plan: Plan) -> str:
    """Keep ``plan``; why it could not be, or ""."""
    path = path_of(plan.case)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, plan.toml().encode())
    except CompileError as error:
        return error.diagnostics[0].message
    except OSError as error:
        return f"cannot make {path.parent}: {(error.strerror or str(error)).lower()}"
    return ""


def path_of(case: Case) -> Path:
    """Where the plan for ``case`` is kept."""
    from platformdirs import user_cache_path

    key = sha256(json.dumps(case._asdict(), sort_keys=True).encode()).hexdigest()[:32]
    return user_cache_path("graphbuilder", appauthor=False) / "plans" / f"{key}.toml"
