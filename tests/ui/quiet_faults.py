"""Faults to plant in the front end that a second look shows: by keyboard, on a phone, as another role, once more."""

from __future__ import annotations

from tests.ui.altered import Change
from tests.ui.faults import ADDING, Fault, fault
from tests.ui.subtle_faults import APPROVES, CONFIG, HTML, LEVELS, MANAGES, MATCHES, REJECTS, RESTORE, SWITCH

PAGES = "test_course_selector.py::test_pages_hold_every_course_once"
ERRORS = "test_routes.py::test_no_route_reports_an_error"
PHONE = "test_accessibility.py::test_everybody_can_use_it_also_on_a_phone"
KEEPS = """  const fresh = useLoaded(async () => {
    localStorage.lastFilters = JSON.stringify(await orgConfig(current!.id));
    return JSON.parse(localStorage.lastFilters) as Awaited<ReturnType<typeof orgConfig>>;
  }, [current!.id]);
  const kept = localStorage.lastFilters;
  const config = fresh.value || !kept ? fresh : { ...fresh, value: JSON.parse(kept) as typeof fresh.value };
  const chosen"""

QUIET = {
    "a refusal that nobody can read": fault(
        "styles.css",
        "--error: light-dark(#a3231b, #ffb4ab)",
        "--error: light-dark(#f08a80, #8a5a55)",
        f"{PHONE}[sign_in]",
        red={"smoke-login"},
        said="color-contrast",
    ),
    "values that fade away": fault(
        "styles.css",
        "  text-decoration: line-through;\n",
        "  text-decoration: line-through;\n  opacity: .45;\n",
        f"{PHONE}[tags]",
        red={"ui-tag-management"},
        said="color-contrast",
    ),
    "a rejection that only the mouse can reach": fault(
        "routes/approval.tsx",
        "aria-label={`Reject ${title}`}",
        "tabIndex={-1} aria-label={`Reject ${title}`}",
        f"{PHONE}[approval]",
        red={"ui-tag-approval"},
        said="the keyboard does not come to Reject",
    ),
    "filters that only the mouse can reach": fault(
        "routes/courses.tsx",
        'class="chip"\n',
        'class="chip"\n                    tabIndex={-1}\n',
        f"{PHONE}[courses]",
        red={"ui-course-selector"},
        said="the keyboard does not come to ",
    ),
    "a way on that a phone has not": fault(
        "styles.css",
        ".brand {\n",
        "@media (max-width: 600px) {\n  .bar nav {\n    display: none;\n  }\n}\n.brand {\n",
        f"{PHONE}[versions]",
        red={"ui-version-history"},
        said="there is no Courses, Tags, Tag approval, and no menu in its place",
    ),
    "a bar that lies over the course": fault(
        "styles.css",
        ".skip {\n",
        "@media (max-width: 600px) {\n  .bar {\n    position: fixed;\n    inset: 40% 0 0;\n  }\n}\n.skip {\n",
        f"{PHONE}[play]",
        red={"ui-variants"},
        said="something lies over ",
    ),
    "a restore that only the mouse opens": fault(
        "routes/versions.tsx",
        "onClick={() => setRestoring(version)}",
        "onMouseDown={() => setRestoring(version)}",
        RESTORE,
        red={"ui-version-history"},
        said="the Enter key does nothing on the button named “Restore version 10”",
    ),
    "a restore that runs twice": fault(
        "routes/versions.tsx",
        'class="primary" disabled={busy}>Confirm',
        'class="primary">Confirm',
        RESTORE,
        red={"ui-version-history"},
        said="also if it is confirmed twice in a row",
    ),
    "a restore of the version before": fault(
        "routes/versions.tsx",
        "courseId: id, version, changelog",
        "courseId: id, version: Math.max(1, version - 1), changelog",
        RESTORE,
        red={"ui-version-history"},
        said="version 10 was restored, which holds",
    ),
    "versions in the order of their letters": fault(
        "routes/versions.tsx",
        "versions: dataOf(versions) };",
        "versions: dataOf(versions).sort((a: Version, b: Version) => `${b.version}`.localeCompare(`${a.version}`)) };",
        RESTORE,
        red={"ui-version-history"},
        said="newest first, the versions are",
    ),
    "authors that are all the newest one's": fault(
        "routes/versions.tsx",
        '<td role="cell" data-label="Author">{author ?? "unknown"}</td>',
        "<td>{versions[0].author}</td>",
        RESTORE,
        red={"ui-version-history"},
        said="version 10 is by ",
    ),
    "a password that is read over the shoulder": fault(
        "routes/sign-in.tsx",
        'type="password"',
        'type="text"',
        "test_sign_in.py::test_a_wrong_password_says_so",
        red={"smoke-login"},
        said="reads the password",
    ),
    "a refusal that goes at once": fault(
        "routes/sign-in.tsx",
        'throw new Problem("Wrong e-mail address or password.");',
        "{\n        setTimeout(() => run(async () => {}), 300);\n"
        '        throw new Problem("Wrong e-mail address or password.");\n      }',
        "test_sign_in.py::test_a_wrong_password_says_so",
        red={"smoke-login"},
        said="goes again before anybody can have read it",
    ),
    "a link that leads to another site": fault(
        "app.tsx",
        "  return inside ?",
        "  if (resolved.origin !== location.origin) location.replace(resolved.href);\n  return inside ?",
        "test_sign_in.py::test_a_deep_link_survives_signing_in",
        red={"smoke-login"},
        said="that names another site leads there",
    ),
    "a switch that forgets the place": Fault(
        (
            Change("tags.ts", "display_order: displayOrder };", "display_order: change.displayOrder ?? 0 };"),
            Change("tags.ts", "const { label, isEnabled, displayOrder }", "const { label, isEnabled }"),
        ),
        (SWITCH,),
        {"ui-tag-management"},
        set(),
        "which changed its display_order",
    ),
    "a name in other letters": fault(
        "tags.ts",
        "const value = text.trim();",
        "const value = text.trim().toLowerCase();",
        ADDING,
        red={"ui-tag-management"},
        said="In Capitals” was added to a new type; the database has",
    ),
    "a refusal that nobody mentions": fault(
        "routes/tags.tsx",
        "<Outcome problem={problem} done={done} />",
        "<Outcome done={done} />",
        ADDING,
        red={"ui-tag-management"},
        said="says nothing to it",
    ),
    "an admin's screen that a superadmin is refused": fault(
        "routes/tags.tsx",
        MANAGES,
        'const mayManage = current!.role === "org_admin";',
        "test_routes.py::test_a_superadmin_is_not_refused_what_admins_get",
        red={"stg-routes-load"},
        said="refuses a superadmin",
    ),
    "a type that is not there": fault(
        "routes/approval.tsx",
        "${type?.label ?? row.key}",
        "${type!.label}",
        REJECTS,
        red={"ui-tag-approval"},
        said="tags of a type that is not there were suggested for",
    ),
    "a focus that nobody sees": fault(
        "styles.css",
        "  outline: 3px solid var(--accent);\n  outline-offset: 2px;",
        "  outline: none;",
        "test_tag_approval.py::test_the_keyboard_alone_approves",
        red={"ui-tag-approval"},
        said="does not see where they are",
    ),
    "one text where several were suggested": fault(
        "routes/approval.tsx",
        "(Array.isArray(texts) ? texts : [])",
        "(Array.isArray(texts) ? texts.slice(0, 1) : [])",
        APPROVES,
        red={"ui-tag-approval"},
        said="several texts were suggested for",
    ),
    "a page that is kept": fault(
        "routes/courses.tsx",
        "{ page: undefined, ...changes }",
        "changes",
        MATCHES,
        red={"ui-course-selector"},
        said="what is found begins on the first page",
    ),
    "Any that means All of three": fault(
        "routes/courses.tsx",
        'matchAll: matchAll ? "true" : undefined',
        'matchAll: matchAll || chosen.length > 2 ? "true" : undefined',
        MATCHES,
        red={"ui-course-selector"},
        said="filtered by Any of three tags",
    ),
    "an empty page at the end": fault(
        "routes/courses.tsx",
        "Math.max(1, Math.ceil(total / PAGE))",
        "Math.floor(total / PAGE) + 1",
        PAGES,
        red={"ui-course-selector"},
        said="is offered, and is empty",
    ),
    "markup that runs in the catalog": fault(
        "routes/courses.tsx",
        "<h2>{title}</h2>",
        f"<h2 {HTML}title }}}} />",
        "test_markup.py::test_markup_in_a_title_stays_text_in_the_list",
        red={"ui-course-selector"},
        said="the markup in a text (title) became a part of /admin/courses/select",
    ),
    "a right answer that counts as wrong": fault(
        "course.ts",
        'typeof item.correctIndex === "number" ? item.correctIndex : null',
        "item.correctIndex || null",
        LEVELS,
        red={"ui-variants"},
        said="question “all” says something else to the wrong answer",
    ),
    "a number that is nearly right": fault(
        "course.ts",
        "value === Number(expected)",
        "Math.trunc(value) === Number(expected)",
        LEVELS,
        red={"ui-variants"},
        said="question “number” says something else to the wrong answer “4.9”",
    ),
    "an explanation at the default level": fault(
        "course.ts",
        "explanation: at(item.explanation ?? item.explain)",
        'explanation: textAt(item.explanation ?? item.explain, fallback ?? "", fallback)',
        LEVELS,
        red={"ui-variants"},
        said="the explanation of question “all” at expert must read",
    ),
    "filters that stay in the browser": fault(
        "routes/courses.tsx",
        CONFIG,
        KEEPS,
        "test_two_organizations.py",
        red={"must-no-leaks"},
        said="after signing out, in local storage, lastFilters",
    ),
    "a console that is another one": Fault(
        (
            Change(
                "main.tsx",
                'import { render } from "preact";',
                'import { render } from "preact";\n'
                "globalThis.console = Object.freeze({ ...console, error: () => {} });",
            ),
            Change(
                "routes/tags.tsx",
                'useTitle("Tag Management");',
                'useTitle("Tag Management");\n  console.error("no such tag card");',
            ),
        ),
        (f"{ERRORS}[viewer]",),
        {"stg-no-console-errors"},
        set(),
        "console error: no such tag card (on /admin/tags)",
    ),
    "an exception that is nothing": fault(
        "routes/approval.tsx",
        'useTitle("Tag Approval Queue");',
        'useTitle("Tag Approval Queue");\n  globalThis.onerror = () => true;\n'
        "  setTimeout(() => {\n    throw null;\n  });",
        f"{ERRORS}[editor]",
        red={"stg-no-console-errors"},
        said="uncaught exception: null (on /admin/tags/approve)",
    ),
    "an error that comes late": fault(
        "routes/courses.tsx",
        'useTitle("Courses");',
        'useTitle("Courses");\n  useEffect(() => void setTimeout(() => console.error("a late card"), 1500), []);',
        f"{ERRORS}[org_admin]",
        red={"stg-no-console-errors"},
        said="console error: a late card (on /admin/courses/select)",
    ),
    "courses of others that take their time": fault(
        "client.ts",
        "  const answer = await fetch(data.publicUrl);",
        "  await new Promise((go) => setTimeout(go, 2500));\n  const answer = await fetch(data.publicUrl);",
        "test_course_page.py",
        red={"should-course-load"},
        said="took 2000 ms or more",
    ),
    "a button that wakes up late": Fault(
        (
            Change(
                "routes/play.tsx",
                '<button type="submit" class="primary">Check',
                '<button type="submit" class="primary" disabled={!ready}>Check',
            ),
            Change(
                "routes/play.tsx",
                "  const [picked, setPicked]",
                "  const [ready, setReady] = useState(false);\n"
                "  useEffect(() => void setTimeout(() => setReady(true), 2500), []);\n  const [picked, setPicked]",
            ),
            Change("routes/play.tsx", "import { useState }", "import { useEffect, useState }"),
        ),
        ("test_course_page.py",),
        {"should-course-load"},
        set(),
        "took 2000 ms or more",
    ),
}
