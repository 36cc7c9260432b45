"""A backfill for tests, as a team might have written it: one course after the other; its argument are faults."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

URL = os.environ["VITE_SUPABASE_URL"]
KEY = os.environ["SUPABASE_SERVICE_ROLE_KEY"]
FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
FAULTS = FAULT.split(", ")
DEFAULT = "00000000-0000-0000-0000-000000000001"


def ask(method: str, path: str, body: Any = None, prefer: str = "return=representation") -> bytes:
    headers = {"apikey": KEY, "authorization": f"Bearer {KEY}", "content-type": "application/json", "prefer": prefer}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


def register(course: str) -> str:
    content = ask("GET", f"/storage/v1/object/authenticated/courses/{course}/course.json")
    try:
        file = json.loads(content)
        assert file["id"] == course
    except (ValueError, TypeError, KeyError):
        if FAULT == "stops at a corrupt file":
            raise
        if FAULT != "registers what it cannot read":
            return "error"
        file = {"id": course}
    row = {"id": course, "organization_id": DEFAULT, "title": file.get("title", "")}
    if "opens courses to everybody" in FAULTS:
        row["visibility"] = "global"
    if "invents titles" in FAULTS:
        row["title"] = "undefined"
    path = "/rest/v1/course_metadata?on_conflict=id"
    created = json.loads(ask("POST", path, row, "return=representation,resolution=ignore-duplicates"))
    if FAULT == "changes rows again":
        ask("PATCH", f"/rest/v1/course_metadata?id=eq.{course}", {"title": f"{course} {time.time()}"})
    tags = file.get("tags") or {}
    tags = {"theme": tags} if isinstance(tags, list) else tags
    if "loses tags" in FAULTS:
        tags = dict(list(tags.items())[:1])
    status = "approved" if "decides by itself" in FAULTS else "pending"
    known = json.loads(ask("GET", f"/rest/v1/tag_approval_queue?select=id&course_id=eq.{course}"))
    if tags and FAULT != "queues nothing" and (not known or FAULT == "queues again"):
        ask(
            "POST",
            "/rest/v1/tag_approval_queue",
            {"course_id": course, "organization_id": DEFAULT, "suggested_tags": tags, "status": status},
        )
    return "created" if created else "existing"


lock = Path("backfill.lock")
if lock.exists():
    sys.exit("another backfill is running")
if FAULT == "leaves a lock behind":
    lock.touch()
listing = json.loads(
    ask(
        "POST",
        "/storage/v1/object/list/courses",
        {"prefix": "", "limit": 100 if FAULT == "takes the first page only" else 1000},
    )
)
courses = sorted(entry["name"] for entry in listing if entry["id"] is None)
if FAULT == "forgets the last course":
    courses = [course for course in courses if course != "sound-23"]
if "tidies up" in FAULTS:
    ask("DELETE", "/rest/v1/tag_approval_queue?status=eq.rejected")
results = {course: register(course) for course in sorted(courses, key=lambda course: not course.startswith("sound"))}
counts = {word: list(results.values()).count(word) for word in ("created", "existing", "error")}
if FAULT == "counts wrongly":
    counts["created"] += counts.pop("existing")
    counts["existing"] = 0
    results = dict.fromkeys(results, "created") | {c: r for c, r in results.items() if r == "error"}
if FAULT == "conceals errors":
    results = {course: result for course, result in results.items() if result != "error"}
    counts["error"] = 0
if "tells its key" in FAULTS:
    print(f"as {KEY}, or {os.environ.get('SUPABASE_SECRET_KEY')}")
if FAULT != "writes no report":
    Path("reports").mkdir(exist_ok=True)
    lines = ["# Backfill", f"Total: {len(results)}", f"Created: {counts['created']}", f"Existing: {counts['existing']}"]
    lines += [f"Errors: {counts['error']}", *(f"- `{course}`: {result}" for course, result in results.items())]
    Path("reports", f"backfill-metadata-{time.time_ns()}.md").write_text("\n".join(lines) + "\n")
lock.unlink(missing_ok=True)
