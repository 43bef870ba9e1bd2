"""セキュリティ: from where one may log in, how long idle, how old a password may be.  MGR alone."""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.store import security
from appliance.store.users import ROLES
from webui.ask import Ask, Services
from webui.auth import log_action
from webui.roles import ROLE_WORDS, Route


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/security", "security", show),
        Route("POST", "/security", "security", change),
    ]


def show(ask: Ask, *, problem: str = "") -> Any:
    """The rules in force; after a refusal what was typed."""
    rules = security.policy(ask.services.store, ask.tenant_id)
    is_typed = bool(problem)
    return ask.page(
        "security.html",
        status=400 if problem else 200,
        problem=problem,
        idle_minutes=ask.text("idle_minutes") if is_typed else rules.idle_minutes or "",
        password_days=ask.text("password_days") if is_typed else rules.password_days or "",
        networks=ask.text("networks", size_max=4000) if is_typed else "\n".join(rules.networks),
        address=ask.address,
        roles=[(role, ask.t(word)) for role, word in ROLE_WORDS.items()],
        factor_roles=ask.texts("factor") if is_typed else rules.factor_roles,
    )


def change(ask: Ask) -> Any:
    before = security.policy(ask.services.store, ask.tenant_id)
    try:
        after = security.set_policy(
            ask.services.store,
            ask.tenant_id,
            idle_minutes=_days(ask, "idle_minutes"),
            password_days=_days(ask, "password_days"),
            networks=ask.text("networks", size_max=4000),
            own_address=ask.address,
            factor_roles=tuple(role for role in ROLES if role in ask.texts("factor")),
        )
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    log_action(ask, "security", "changed", f"{before} → {after}")
    return ask.goto("/security", "saved")


def _days(ask: Ask, name: str) -> int:
    """A whole number, 0 where the field is empty.  Raises BadInput."""
    text = ask.text(name)
    if text and not (text.isascii() and text.isdigit()):
        raise BadInput(ask.t("数字で入力してください。"))
    return int(text[:6] or 0)
