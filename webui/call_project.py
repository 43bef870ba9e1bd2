"""案件設定's sections about the call screen: script and limits, attributes, prospect levels, boilerplates."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import attributes, call_settings, lists
from appliance.store.attributes import Kind, Target
from webui.ask import Ask, Services
from webui.auth import log_action
from webui.roles import Route
from webui.script_text import unknown

SECTIONS: Final = (
    ("call", "架電画面・スクリプト"),
    ("attributes", "属性"),
    ("levels", "見込レベル・定型文"),
)
KINDS: Final[tuple[tuple[Kind, str], ...]] = (
    ("radio", "ひとつ選ぶ（ボタン）"),
    ("select", "ひとつ選ぶ（プルダウン）"),
    ("check", "いくつでも選ぶ"),
    ("text", "文字を入力"),
)
TARGETS: Final[tuple[tuple[Target, str], ...]] = (("result", "結果属性"), ("customer", "顧客属性"))
NAMES: Final = frozenset(("担当", "案件"))


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/projects/<project_id:int>/call", "projects.change", change_call),
        Route("POST", "/projects/<project_id:int>/attributes", "projects.change", change_attributes),
        Route("POST", "/projects/<project_id:int>/levels", "projects.change", change_levels),
        Route("POST", "/projects/<project_id:int>/templates", "projects.change", change_templates),
    ]


def context(ask: Ask, project_id: int) -> dict[str, Any]:
    """What the sections show."""
    store, tenant_id = ask.services.store, ask.tenant_id
    setting = call_settings.get(store, tenant_id, project_id)
    return {
        "setting": setting,
        "script_names": _columns(ask, project_id),
        "script_unknown": unknown(setting.script, NAMES | set(_columns(ask, project_id))),
        "attribute_targets": [
            (target, ask.t(word), attributes.every(store, tenant_id, project_id, target))
            for target, word in TARGETS
        ],
        "attribute_kinds": [(kind, ask.t(word)) for kind, word in KINDS],
        "levels": call_settings.levels(store, tenant_id, project_id),
        "templates": call_settings.templates(store, tenant_id, project_id),
    }


def _columns(ask: Ask, project_id: int) -> list[str]:
    """The columns of the project's lists, for the author of a script."""
    names: dict[str, None] = {}
    for line in lists.table(ask.services.store, ask.tenant_id, project_id=project_id):
        found = lists.get(ask.services.store, ask.tenant_id, line.id)
        names.update(dict.fromkeys(lists.headers_of(found) if found else ()))
    return list(names)


def change_call(ask: Ask, project_id: int) -> Any:
    """Script, the limit of wrap-up, intervals, whom promises wait for, and who may leave the mode."""
    from webui import projects

    projects.existing(ask, project_id)
    try:
        call_settings.change(
            ask.services.store,
            ask.tenant_id,
            project_id,
            user_id=ask.person.user_id,
            at=ask.services.now_ms(),
            script=ask.text("script", size_max=call_settings.SCRIPT_MAX + 1),
            wrap_limit_s=ask.whole("wrap_limit_s", ask.t("後処理の目安"), *call_settings.WRAP_LIMIT_S),
            auto_call_s=ask.whole("auto_call_s", ask.t("自動コールの間隔"), *call_settings.AUTO_CALL_S),
            is_mode_free=ask.flag("is_mode_free"),
            recall_wait_min=ask.whole(
                "recall_wait_min", ask.t("再コールが担当を待つ時間"), *call_settings.RECALL_WAIT_MIN
            ),
        )
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    ask.services.live.tell(Reload("projects"))  # the dialer sounds the limit of wrap-up
    return _done(ask, project_id, "call", "call screen changed")


def change_attributes(ask: Ask, project_id: int) -> Any:
    """Add an attribute, or take one out of use."""
    from webui import projects

    projects.existing(ask, project_id)
    store, where = ask.services.store, (ask.services.store, ask.tenant_id, project_id)
    retired, act = ask.integer("retire"), ask.text("act")
    try:
        if act in ATTRIBUTE_ACTS:
            ATTRIBUTE_ACTS[act](ask, project_id, ask.integer("attribute"))
            return _done(ask, project_id, "attributes", f"attribute {act}")
        if retired:
            attributes.retire(*where, retired, at=ask.services.now_ms())
        else:
            target, kind = _choice(ask, "target", Target), _choice(ask, "kind", Kind)
            choices = tuple(ask.text("choices", size_max=2_000).splitlines())
            attributes.add(
                store, ask.tenant_id, project_id, target=target, kind=kind, name=ask.text("name"),
                choices=choices,
            )  # fmt: skip
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    return _done(ask, project_id, "attributes", f"attribute {'removed' if retired else 'added'}")


def _rename(ask: Ask, project_id: int, attribute_id: int) -> None:
    name = ask.text("name", size_max=60)
    attributes.rename(ask.services.store, ask.tenant_id, project_id, attribute_id, name)


def _up(ask: Ask, project_id: int, attribute_id: int) -> None:
    attributes.move(ask.services.store, ask.tenant_id, project_id, attribute_id, is_up=True)


def _down(ask: Ask, project_id: int, attribute_id: int) -> None:
    attributes.move(ask.services.store, ask.tenant_id, project_id, attribute_id, is_up=False)


ATTRIBUTE_ACTS: Final = {"renamed": _rename, "moved up": _up, "moved down": _down}


def _choice(ask: Ask, name: str, kind: Any) -> Any:
    try:
        return msgspec.convert(ask.text(name), kind)
    except msgspec.ValidationError:
        raise BadInput("その選択肢はありません。", remedy="画面を読み込み直してください。") from None


def change_levels(ask: Ask, project_id: int) -> Any:
    """Add a prospect level, or take one out of use."""
    from webui import projects

    projects.existing(ask, project_id)
    where, retired = (ask.services.store, ask.tenant_id, project_id), ask.integer("retire")
    try:
        if retired:
            call_settings.retire_level(*where, retired, at=ask.services.now_ms())
        else:
            call_settings.add_level(*where, name=ask.text("name"))
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    return _done(ask, project_id, "levels", f"level {'removed' if retired else 'added'}")


def change_templates(ask: Ask, project_id: int) -> Any:
    """Add a boilerplate, or take one away."""
    from webui import projects

    projects.existing(ask, project_id)
    where, removed = (ask.services.store, ask.tenant_id, project_id), ask.integer("remove")
    try:
        if removed:
            call_settings.remove_template(*where, removed)
        else:
            call_settings.add_template(*where, name=ask.text("name"), text=ask.text("text"))
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    return _done(ask, project_id, "levels", f"boilerplate {'removed' if removed else 'added'}")


def _done(ask: Ask, project_id: int, section: str, action: str) -> Any:
    log_action(ask, "projects", action, str(project_id))
    return ask.goto(f"/projects/{project_id}?said=saved#{section}")
