"""What is deployed is what was reviewed; each function answers and has all of its settings."""

from __future__ import annotations

import pytest

from environments.model import Environment
from environments.sections import FUNCTIONS
from fixtures.contract import Contract, Deviations
from fixtures.deployed import Deployed, deployed_functions
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.exchange import Answer
from fixtures.findings import Finding, Findings
from fixtures.function_process import without_setting
from fixtures.functions_log import FunctionsLog
from fixtures.gateway import Gateway

REQUIRED = ("ALLOWED_ORIGINS", "SUPABASE_URL")


@pytest.mark.check("stg-functions-answer")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_answers_and_opens_to_nobody(
    function: str, gateway: Gateway, contract: Contract, deviations: Deviations
) -> None:
    """Without a token 401 (405 where only the method can be tried), as the contract says it; and with one 200.

    On an environment that is only read, a function that changes something is asked by GET, which it refuses politely.
    """
    operation = contract.operations[function]
    if gateway.read_only and not operation.reads:
        deviations.expect(gateway.nobody.get(function), 405, 401, why="it is there, and called by POST alone")
    else:
        answer = gateway.nobody.send(operation.method, function, body=None if operation.reads else {})
        deviations.expect(answer, 401, why="there is no token")
    if operation.reads:
        member = gateway.member("viewer", gateway.canaries[0])
        deviations.expect(member.get(function), 200, why="a member reads", kind="availability")
    elif not gateway.read_only:
        allowed = gateway.service if operation.security == "service" else gateway.member("editor", gateway.canaries[0])
        answer = allowed.post(function, {})
        deviations.expect(answer, 400, why="it runs, and misses the course's id", kind="availability")
    deviations.expect_none()


@pytest.mark.check("prod-smoke-org-config")
def test_org_config_serves_a_member(gateway: Gateway, deviations: Deviations) -> None:
    """The first call of every session: the member's own organization, in the shape that the front end expects."""
    first = gateway.canaries[0]
    answer = gateway.member("viewer", first).get("org-config")

    body = deviations.expect(answer, 200, why="the first call of every session", kind="availability")

    own = gateway.organization(first)["id"]
    if body is not None and body["organization"]["id"] != own:
        deviations.note(answer, f"is about the organization {body['organization']['id']}, the member's is {own}")
    deviations.expect_none()


@pytest.mark.check("stg-functions-deployed", "prod-functions-deployed")
def test_the_deployed_functions_are_the_reviewed_ones(
    environment: Environment, findings: Findings, evidence: Evidence
) -> None:
    """None missing, none that nobody has reviewed, none older than its review."""
    assert environment.functions is not None
    reviewed = environment.functions.reviewed
    deployed = {each.name: each for each in deployed_functions(environment)}
    rows = [(name, each.version, reviewed.get(name)) for name, each in sorted(deployed.items())]
    evidence.table("deployed", ["function", "version", "reviewed"], rows)

    wrong = [f"missing: {name} is not deployed" for name in environment.functions.names if name not in deployed]
    wrong += [
        f"extra: {name} is deployed and was not reviewed"
        for name in deployed
        if name not in environment.functions.names
    ]
    wrong += [problem for name, version in reviewed.items() if (problem := _older(deployed.get(name), version))]

    for line in wrong:
        name = line.partition(": ")[2].partition(" ")[0]
        findings.add(Finding("drift", f"function:{name}", "the platform", "deploy", line, "supabase functions list"))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "function", [pytest.param(name, marks=pytest.mark.check(f"stg-deploy-{name}")) for name in FUNCTIONS]
)
def test_it_is_deployed(function: str, environment: Environment, gateway: Gateway, deviations: Deviations) -> None:
    """The function itself answers, not the gateway's "not found"; and where its review names a version, that one."""
    answer = gateway.nobody.send(
        "OPTIONS" if gateway.read_only else deviations.contract.operations[function].method, function
    )
    if answer.status in (404, 502, 503, 504) or answer.status == 0:
        deviations.note(answer, f"is not deployed, or does not start: {answer.seen}", kind="availability")
    reviewed = environment.functions.reviewed.get(function) if environment.functions else None
    if reviewed is not None:
        found = next((each for each in deployed_functions(environment) if each.name == function), None)
        if found is None or (problem := _older(found, reviewed)):
            deviations.note(answer, problem if found else f"missing: {function} is not deployed", kind="drift")
    deviations.expect_none()


@pytest.mark.check("fn-environment")
def test_no_function_lacks_a_setting(
    gateway: Gateway, contract: Contract, deviations: Deviations, functions_log: FunctionsLog
) -> None:
    """A function that lacks one answers 500 with the code CONFIG, to everybody; its log names which."""
    for function, operation in contract.operations.items():
        answer = gateway.nobody.send("OPTIONS" if gateway.read_only else operation.method, function)
        if answer.code == "CONFIG" or answer.status >= 500:
            deviations.note(answer, f"lacks {_named(answer, functions_log)}: {answer.seen}", kind="configuration")
    member = gateway.member("viewer", gateway.canaries[0])
    for function, operation in contract.operations.items():
        if operation.reads and (answer := member.get(function)).status >= 500:
            deviations.note(answer, f"lacks {_named(answer, functions_log)}: {answer.seen}", kind="configuration")

    deviations.expect_none()


@pytest.mark.check("fn-environment")
def test_a_missing_setting_is_named(environment: Environment, contract: Contract, evidence: Evidence) -> None:
    """Each function of the rollout is started here without a setting: 500 CONFIG, and its log says which one.

    What it answers names nothing: that is for the operator, not for the caller.
    """
    rollout = environment.stack.rollout if environment.stack else environment.require("app.path")
    if not (rollout / "supabase" / "functions").is_dir():
        raise Unverified(f"{environment.path.name}: app.path has no supabase/functions, so that none can be started")
    wrong = []
    rows = []
    for setting in REQUIRED:
        for name, outcome in without_setting(rollout, setting, list(contract.operations)).items():
            rows.append((setting, name, outcome.status, outcome.body, outcome.log))
            if outcome.status != 500 or '"CONFIG"' not in outcome.body:
                wrong.append(f"{name} without {setting} answers {outcome.status} {outcome.body}; should be 500 CONFIG")
            if setting not in outcome.log:
                wrong.append(f"{name} without {setting} does not name it in its log: {outcome.log or 'it is empty'}")
            if setting in outcome.body:
                wrong.append(f"{name} without {setting} tells its callers so: {outcome.body}")

    evidence.table("without a setting", ["setting", "function", "status", "body", "log"], rows)
    assert not wrong, "\n".join(wrong)


def _older(deployed: Deployed | None, reviewed: int) -> str:
    """Whether what is deployed is older than what was reviewed, in words."""
    if deployed is None:
        return ""
    if deployed.version is None:
        raise Unverified(f"functions.reviewed names a version of {deployed.name}, and this platform counts none")
    if deployed.version < reviewed:
        return f"older: {deployed.name} is deployed as version {deployed.version}, reviewed was {reviewed}"
    return ""


def _named(answer: Answer, log: FunctionsLog) -> str:
    """The setting that the log names for this request, as far as the log can be read."""
    try:
        errors = log.errors(log.began)
    except Unverified:
        return "a setting that its log names"
    named = [each.missing_setting for each in errors if each.request_id == answer.request_id and each.missing_setting]
    return named[0] if named else "something its log should name"
