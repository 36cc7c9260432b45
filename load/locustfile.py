"""Journeys of many members at once, for Locust:

    locust -f load/locustfile.py --env staging                            # web UI on http://127.0.0.1:8089
    locust -f load/locustfile.py --env staging --headless --report out.json
    locust -f load/locustfile.py --env staging --headless --processes 4   # one per core
    locust -f load/locustfile.py --env staging --master --expect-workers 8 --master-bind-host 0.0.0.0
    locust -f load/locustfile.py --env staging --worker --master-host …   # on each other machine, with its own .env

`--env local` needs a stack that runs: `make stack`, then `--dotenv .env.stack`. Load goes only where the environment's
`[load]` allows it; `--users`, `--run-time` and `--spawn-rate` choose less than its limits, never more.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # Locust knows this file's folder alone

import gevent
from gevent.lock import RLock
from geventhttpclient.client import HTTPClientPool
from locust import LoadTestShape, runners
from locust import events as untyped_events
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from fixtures.errors import GreenlightError
from load.journeys import Learner
from load.limits import environment_for_load, limits_of
from load.report import Limits, Record
from load.run import FINISH_WITHIN, Run
from load.share import Order, Share

__all__ = ["Learner", "Ramp"]

runners.WORKER_REPORT_INTERVAL = 1.0  # seconds: what a process that dies has seen since its last report is lost
CONNECTIONS = 16  # that the members in one process share
LISTEN_EVERY = 0.2  # seconds
log = logging.getLogger("greenlight.load")
logging.getLogger("httpx").setLevel(logging.WARNING)
events: Any = untyped_events


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of our own, and loopback as the default of what Locust opens to everybody."""
    group = parser.add_argument_group("greenlight")
    group.add_argument("--env", default="local", metavar="PATH", help="environment file, or its name")
    group.add_argument("--dotenv", default="", metavar="PATH", help="file of NAME=value lines, default .env")
    group.add_argument("--report", default="", metavar="PATH", help="where the report of the run is written, as JSON")
    group.add_argument("--think", type=float, default=0.0, help="scales the pauses between screens (1: a person's)")
    group.add_argument(
        "--enough-after",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="from then on end as soon as there are enough requests for every budget (default: when the time is up)",
    )
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1", stop_timeout=3)


class Ramp(LoadTestShape):
    """All members one after the other, then as many until the time is up; an orderly end."""

    use_common_options = True
    abstract = False

    def tick(self) -> tuple[int, float] | None:
        """How many members there should be now; None ends the run."""
        runner: Any = self.runner
        run: Run = runner.environment.greenlight
        run.at_work(runner.user_count)
        if run.over:
            runner.environment.finish()
            return None
        limits = run.limits
        return limits.users, limits.spawn_rate


@events.init.add_listener  # type: ignore[untyped-decorator]
def set_up(environment: Any, runner: Any, **_: Any) -> None:
    """Read the environment, and give every process its part in the run."""
    options = environment.parsed_options
    try:
        target = environment_for_load(options.env, options.dotenv or None)
        allowed = limits_of(target)
        target.require("api.url")
    except GreenlightError as error:
        log.error("%s", error)  # noqa: TRY400 (one line for the person who reads it)
        _refuse(options, target=options.env, problem=str(error))
    asked = _asked(options, allowed)
    options.num_users, options.spawn_rate = asked.users, asked.spawn_rate

    assert target.api is not None, "required above"
    environment.host = Learner.host = target.api.url
    Learner.settings = target
    Learner.network_timeout = Learner.connection_timeout = target.api.timeout
    Learner.client_pool = HTTPClientPool(
        concurrency=CONNECTIONS, network_timeout=target.api.timeout, connection_timeout=target.api.timeout
    )
    Learner.share = Share(runner.client_id if not isinstance(runner, MasterRunner) else "master")
    if isinstance(runner, WorkerRunner):
        _take_part(runner, Learner.share)
    else:
        _lead(
            environment,
            runner,
            lambda: Run(target, _asked(options, allowed), enough_after=options.enough_after),
            Learner.share,
        )


def _lead(environment: Any, runner: Any, new_run: Any, share: Share) -> None:
    """The leader's part: prepare when a test starts, listen, and finish once."""
    options = environment.parsed_options
    environment.greenlight = new_run()

    def begin(**_: Any) -> None:
        run = environment.greenlight = new_run()
        local = isinstance(runner, LocalRunner)
        workers = [runner.client_id] if local else [client.id for client in runner.clients.ready]
        for worker, order in run.prepare(workers).items():
            if local:
                share.begin(order)
            else:
                runner.send_message("greenlight-order", order.model_dump_json(), client_id=worker)
        if run.report.problem:
            log.error("%s", run.report.problem)

    finishing = RLock()

    def finish(**_: Any) -> None:
        with finishing:  # whoever comes second waits: Locust ends the process as soon as one of them is done
            conclude()

    def conclude() -> None:
        run: Run = environment.greenlight
        if run.closed:
            return
        if isinstance(runner, LocalRunner):
            share.end(FINISH_WITHIN)
            run.farewell(share.record, share.published_at)
        elif run.began is not None and not run.report.duration:
            runner.send_message("greenlight-end")
            missing = runners.STATE_MISSING
            run.settle(lambda one: one in runner.clients and runner.clients[one].state != missing)
        report = run.close(Path(options.report) if options.report else None)
        if report.lost:
            log.error("%d of %d processes were lost: %s", len(report.lost), report.workers, ", ".join(report.lost))
        if report.generator_cpu > 90:
            log.warning("the generator used %.0f %% of a core: it may be the bottleneck", report.generator_cpu)
        for leak in report.leaks()[:5]:
            log.error("leak: %s saw %s of %s in %s", leak.account, leak.mark, leak.owner, leak.request)
        log.info("%d answers looked at, %d leaks", report.answers, report.leaked)

    environment.finish = finish
    events.test_start.add_listener(begin)
    events.test_stopping.add_listener(finish)  # also where somebody presses stop
    events.quitting.add_listener(finish)
    if isinstance(runner, LocalRunner):

        def listen() -> None:
            while True:
                gevent.sleep(LISTEN_EVERY)
                run: Run = environment.greenlight
                if run.began is None or run.report.duration:
                    continue
                run.heard(share.record, share.published_at)
                if run.over and options.headless:  # the shape would see it up to a second later
                    finish()
                    runner.quit()

        gevent.spawn(listen)
        return

    def said(msg: Any, **_: Any) -> None:
        environment.greenlight.farewell(*_heard(msg.data))

    def reported(data: dict[str, Any], **_: Any) -> None:
        if "greenlight" in data:
            environment.greenlight.heard(*_heard(data["greenlight"]))

    runner.register_message("greenlight-farewell", said)
    events.worker_report.add_listener(reported)


def _take_part(runner: Any, share: Share) -> None:
    """A worker's part: do as ordered, tell what was seen, and say farewell."""

    def ordered(msg: Any, **_: Any) -> None:
        share.begin(Order.model_validate_json(msg.data))

    def ended(**_: Any) -> None:
        share.end(FINISH_WITHIN)
        runner.send_message("greenlight-farewell", _told(share))

    def report(data: dict[str, Any], **_: Any) -> None:
        if share.order is not None:
            data["greenlight"] = _told(share)

    runner.register_message("greenlight-order", ordered)
    runner.register_message("greenlight-end", ended, concurrent=True)
    events.report_to_master.add_listener(report)


def _told(share: Share) -> str:
    return json.dumps([share.record.model_dump_json(), share.published_at])


def _heard(told: str) -> tuple[Record, float | None]:
    record, published_at = json.loads(told)
    return Record.model_validate_json(record), published_at


def _asked(options: Any, allowed: Limits) -> Limits:
    """What the command line or the web UI asks for, within what the environment allows."""
    return allowed.model_copy(
        update={
            "users": min(options.num_users or allowed.users, allowed.users),
            "spawn_rate": min(options.spawn_rate or allowed.spawn_rate, allowed.spawn_rate),
            "duration": min(options.run_time or allowed.duration, allowed.duration),
            "think": options.think or allowed.think,
        }
    )


def _refuse(options: Any, *, target: str, problem: str) -> None:
    """End before anything was sent; whoever waits for a report reads why."""
    if options.report and not options.worker:
        from load.report import LoadReport

        limits = Limits(users=0, duration=0, max_requests=0, rate=0, spawn_rate=0)
        report = LoadReport(environment=target, target="", started="", limits=limits, problem=problem)
        report.write(Path(options.report))
    sys.exit(2)
