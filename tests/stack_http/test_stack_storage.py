"""Storage answers as storage-api does, and the policies of `storage.objects` decide who may do what."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.stack_http.project import Project, raw_request

if TYPE_CHECKING:
    from tests.stack_http.conftest import Api, User

RLS = {
    "statusCode": "403",
    "error": "Unauthorized",
    "message": "new row violates row-level security policy",
    "code": "AccessDenied",
}
MISSING = {"statusCode": "404", "error": "not_found", "message": "Object not found", "code": "NoSuchKey"}


def upload(
    api: Api, user: User, name: str, content: bytes = b"content", bucket: str = "own", **more: Any
) -> httpx.Response:
    path = f"/storage/v1/object/{bucket}/{name}"
    return api.call("POST", path, token=user.token, content=content, **more)


def download(api: Api, name: str, user: User | None = None, bucket: str = "own") -> httpx.Response:
    return api.call("GET", f"/storage/v1/object/{bucket}/{name}", token=user.token if user else None)


def files_on_disk(project: Project) -> int:
    return len(list(project.objects.iterdir()))


def test_owner_writes_and_reads_back(api: Api, project: Project, user: User) -> None:
    name = f"{user.id}/notes/a b.json"
    headers = {"content-type": "application/json", "cache-control": "max-age=60"}

    written = upload(api, user, name, b'{"a": 1}', headers=headers)
    read = download(api, name, user)

    assert written.json()["Key"] == f"own/{name}"
    assert (read.content, read.headers["content-type"]) == (b'{"a": 1}', "application/json")
    assert (read.headers["cache-control"], read.headers["etag"][0]) == ("max-age=60", '"')
    ((owner, size),) = project.query("select owner_id, metadata->>'size' from storage.objects where name = %s", [name])
    assert (owner, size) == (user.id, "8")


def test_policies_decide_who_writes_where(api: Api, project: Project, user: User) -> None:
    stranger, before = api.user(), files_on_disk(project)

    refused = upload(api, user, f"{stranger.id}/x.txt")
    anonymous = api.call("POST", f"/storage/v1/object/own/{user.id}/x.txt", content=b"x")

    for answer in (refused, anonymous):
        assert (answer.status_code, answer.json()) == (400, RLS)
    assert files_on_disk(project) == before, "nothing is stored before the policies have spoken"
    assert upload(api, user, f"{user.id}/x.txt").status_code == 200


def test_policies_decide_who_reads(api: Api, user: User) -> None:
    """What one may not see answers exactly as what is not there."""
    stranger, name = api.user(), f"{user.id}/private.txt"
    upload(api, user, name)

    hidden = download(api, name, stranger)
    absent = download(api, f"{user.id}/absent.txt", stranger)
    nobody = download(api, name)

    assert download(api, name, user).status_code == 200
    assert (hidden.status_code, hidden.json()) == (400, MISSING)
    assert absent.json() == hidden.json()
    assert nobody.json() == MISSING
    listed = api.call("POST", "/storage/v1/object/list/own", token=stranger.token, json={"prefix": user.id})
    assert listed.json() == []
    head = api.call("HEAD", f"/storage/v1/object/own/{name}", token=stranger.token)
    info = api.call("GET", f"/storage/v1/object/info/own/{name}", token=stranger.token)
    sign = api.call("POST", f"/storage/v1/object/sign/own/{name}", token=stranger.token, json={"expiresIn": 9})
    assert (head.status_code, info.json(), sign.json()) == (400, MISSING, MISSING)


def test_new_object_needs_to_be_insertable_and_no_more(api: Api, user: User) -> None:
    """A letter box: whoever may insert may upload, without being able to read, overwrite or list."""
    name = f"drop/{uuid.uuid4()}.txt"

    assert upload(api, user, name).status_code == 200
    assert upload(api, user, name, headers={"x-upsert": "true"}).json() == RLS
    assert download(api, name, user).json() == MISSING


def test_existing_object_is_kept_unless_upsert_is_asked_for(api: Api, project: Project, user: User) -> None:
    name = f"{user.id}/once.txt"
    upload(api, user, name, b"first")

    twice = upload(api, user, name, b"second")
    kept, before = download(api, name, user).content, files_on_disk(project)
    upserted = upload(api, user, name, b"third", headers={"x-upsert": "true"})
    put = api.call("PUT", f"/storage/v1/object/own/{name}", token=user.token, content=b"fourth")

    assert (twice.json()["statusCode"], twice.json()["error"]) == ("409", "Duplicate")
    assert kept == b"first"
    assert (upserted.status_code, put.status_code) == (200, 200)
    assert download(api, name, user).content == b"fourth"
    assert files_on_disk(project) == before, "replaced content is removed"


def test_claims_reach_the_policies(api: Api, project: Project) -> None:
    """Policies on `app_metadata`, `is_anonymous` and the like must see the caller's whole token."""
    project.query(
        "create policy by_claim on storage.objects for insert to authenticated with check ("
        "bucket_id = 'own' and name like 'claims/%' and auth.jwt()->'app_metadata'->>'team' = 'red'"
        " and not (auth.jwt()->>'is_anonymous')::boolean)"
    )
    red, blue = api.user(app_metadata={"team": "red"}), api.user(app_metadata={"team": "blue"})

    assert upload(api, red, f"claims/{red.id}").status_code == 200
    assert upload(api, blue, f"claims/{blue.id}").json() == RLS


def test_function_of_a_policy_finds_public_names(api: Api, project: Project) -> None:
    """Helper functions without a pinned search_path still find their tables, as on hosted projects."""
    project.query("create table public.helpers (id int)")
    project.query("grant select on public.helpers to authenticated")
    project.query(
        "create function public.helped() returns boolean language plpgsql stable as "
        "$$ begin return exists (select 1 from helpers) or true; end $$"
    )
    project.query(
        "create policy by_helper on storage.objects for insert to authenticated"
        " with check (bucket_id = 'own' and name like 'helped/%' and public.helped())"
    )

    user = api.user()
    assert upload(api, user, f"helped/{user.id}").status_code == 200


def test_recursive_policy_is_an_error_and_not_an_empty_answer(api: Api, project: Project, user: User) -> None:
    project.query(
        "create policy loop on storage.objects for select to authenticated"
        " using (bucket_id = 'small' and exists (select 1 from storage.objects o where o.bucket_id = 'small'))"
    )
    try:
        answer = download(api, f"{user.id}/x", user, bucket="small")
    finally:
        project.query("drop policy loop on storage.objects")

    assert answer.status_code == 503
    assert answer.json()["error"] == "DatabaseInvalidObjectDefinition"


@pytest.mark.parametrize("key", ["secret", "service_role"])
def test_service_role_passes_the_policies(api: Api, user: User, key: str) -> None:
    name = f"{user.id}/by-{key}.txt"

    made = api.call("POST", f"/storage/v1/object/own/{name}", key=key, content=b"x")

    assert made.status_code == 200
    assert download(api, name, user).content == b"x"


def test_form_upload_as_the_clients_send_it(api: Api, user: User) -> None:
    name = f"{user.id}/form.bin"
    form = {"cacheControl": "120", "metadata": '{"source": "test"}'}

    answer = api.call(
        "POST",
        f"/storage/v1/object/own/{name}",
        token=user.token,
        data=form,
        files={"file": ("form.bin", b"\x00\x01" * 300_000, "application/x-thing")},
    )
    info = api.call("GET", f"/storage/v1/object/info/own/{name}", token=user.token).json()
    read = download(api, name, user)

    assert answer.status_code == 200
    assert (info["size"], info["metadata"]) == (600_000, {"source": "test"})
    assert (read.headers["content-type"], read.headers["cache-control"]) == ("application/x-thing", "max-age=120")
    assert len(read.content) == 600_000


def test_bucket_limits_size_and_type(api: Api, project: Project, user: User) -> None:
    before = files_on_disk(project)
    json = {"content-type": "application/json"}

    fits = upload(api, user, f"{user.id}/fits", b"0123456789", "small", headers=json)
    large = upload(api, user, f"{user.id}/large", b"0123456789x", "small", headers=json)
    image = upload(api, user, f"{user.id}/image", b"png", "small", headers={"content-type": "image/png"})
    text = upload(api, user, f"{user.id}/text", b"x", "small", headers={"content-type": "text/plain"})

    assert (fits.status_code, image.status_code) == (200, 200)
    assert (large.json()["statusCode"], large.json()["error"]) == ("413", "Payload too large")
    assert (text.json()["statusCode"], text.json()["error"]) == ("415", "invalid_mime_type")
    assert files_on_disk(project) == before + 2, "nothing is left of what was refused"


CLIMBING = ("../x", "a/../../x", "a/./b", "%2e%2e/%2e%2e/x", "..%2f..%2fetc%2fpasswd", "a%00b", "%C3%A4", "a%5Cb")


@pytest.mark.parametrize("name", CLIMBING)
def test_names_cannot_climb_or_confuse(api: Api, project: Project, name: str) -> None:
    head = f"POST /storage/v1/object/own/drop/{name} HTTP/1.1\r\napikey: {project.api_keys.secret}\r\ncontent-length: 0"

    answer = asyncio.run(raw_request(api.project.url, head.encode()))

    assert answer.startswith(b"HTTP/1.1 400"), answer


def test_content_lies_under_names_that_nobody_chose(api: Api, project: Project, user: User) -> None:
    upload(api, user, f"{user.id}/etc/passwd")

    for file in project.objects.iterdir():
        assert str(uuid.UUID(file.name)) == file.name
    assert project.objects.stat().st_mode & 0o077 == 0


def test_public_bucket_is_read_by_anyone_and_written_by_policy(api: Api, user: User) -> None:
    name = f"{uuid.uuid4()}.txt"
    api.call("POST", f"/storage/v1/object/open/{name}", key="secret", content=b"open")

    assert api.call("GET", f"/storage/v1/object/public/open/{name}", key=None).content == b"open"
    assert api.call("GET", f"/storage/v1/object/open/{name}", key=None).content == b"open"
    assert api.call("HEAD", f"/storage/v1/object/public/open/{name}", key=None).headers["content-length"] == "4"
    assert upload(api, user, "mine.txt", bucket="open").json() == RLS
    gone = api.call("GET", f"/storage/v1/object/public/own/{name}", key=None).json()
    assert (gone["statusCode"], gone["message"]) == ("404", "Bucket not found"), "a private bucket is not public"


def test_reader_who_has_it_gets_304_and_ranges_work(api: Api, user: User) -> None:
    name = f"{user.id}/range.txt"
    upload(api, user, name, b"0123456789")
    path = f"/storage/v1/object/authenticated/own/{name}"
    etag = api.call("GET", path, token=user.token).headers["etag"]

    known = api.call("GET", path, token=user.token, headers={"if-none-match": etag})
    part = api.call("GET", path, token=user.token, headers={"range": "bytes=2-4"})
    saved = api.call("GET", f"{path}?download=r%C3%A9sum%C3%A9.txt", token=user.token)

    assert (known.status_code, known.content) == (304, b"")
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''r%C3%A9sum%C3%A9.txt"


def test_html_is_served_as_text(api: Api) -> None:
    """Nobody's page may run on the API's origin."""
    name = f"{uuid.uuid4()}.html"
    headers = {"content-type": "text/html"}
    api.call("POST", f"/storage/v1/object/open/{name}", key="secret", content=b"<script>", headers=headers)

    answer = api.call("GET", f"/storage/v1/object/public/open/{name}", key=None)

    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_listing_shows_a_level_with_folders_first(api: Api, user: User) -> None:
    for name in ("b.txt", "a.txt", "deep/c.txt", "deep/er/d.txt", "other/e.txt"):
        upload(api, user, f"{user.id}/{name}")

    def listed(**body: object) -> list[str]:
        answer = api.call("POST", "/storage/v1/object/list/own", token=user.token, json=body)
        return [entry["name"] + ("/" if entry["id"] is None else "") for entry in answer.json()]

    assert listed(prefix=user.id) == ["deep/", "other/", "a.txt", "b.txt"]
    assert listed(prefix=f"{user.id}/deep") == ["er/", "c.txt"]
    assert listed(prefix=user.id, limit=2, offset=1) == ["other/", "a.txt"]
    assert listed(prefix=user.id, search="a") == ["a.txt"]
    assert listed(prefix=user.id, search="%") == []
    assert listed(prefix=user.id, sortBy={"column": "name", "order": "desc"})[-2:] == ["b.txt", "a.txt"]
    assert listed(prefix="") == [f"{user.id}/"]
    refused = api.call("POST", "/storage/v1/object/list/own", token=user.token, json={"sortBy": {"column": "id; drop"}})
    assert refused.status_code == 400


def test_paged_listing_reaches_everything_once(api: Api, user: User) -> None:
    names = sorted(f"{user.id}/{part}" for part in ("a.txt", "b.txt", "deep/c.txt", "deep/d.txt", "z.txt"))
    for name in names:
        upload(api, user, name)

    def pages(**body: object) -> tuple[list[str], list[str]]:
        objects, folders, cursor = [], [], {}
        for _ in range(10):
            request = {"prefix": f"{user.id}/", "limit": 2, **body, **cursor}
            page = api.call("POST", "/storage/v1/object/list-v2/own", token=user.token, json=request).json()
            objects += [entry["name"] for entry in page["objects"]]
            folders += [entry["name"] for entry in page["folders"]]
            if not page["hasNext"]:
                break
            cursor = {"cursor": page["nextCursor"]}
        return objects, folders

    assert pages() == (names, [])
    assert pages(with_delimiter=True) == ([name for name in names if "deep" not in name], [f"{user.id}/deep/"])
    assert pages(sortBy={"column": "name", "order": "desc"})[0] == names[::-1]


def test_removal_takes_what_the_policies_let_see_and_delete(api: Api, project: Project, user: User) -> None:
    stranger, names = api.user(), [f"{user.id}/{number}.txt" for number in range(3)]
    for name in names:
        upload(api, user, name)
    before = files_on_disk(project)

    def remove(who: User, prefixes: list[str]) -> httpx.Response:
        return api.call("DELETE", "/storage/v1/object/own", token=who.token, json={"prefixes": prefixes})

    assert remove(stranger, names).json() == []
    assert [row["name"] for row in remove(user, [names[0], "absent"]).json()] == [names[0]]
    one = f"/storage/v1/object/own/{names[1]}"
    assert api.call("DELETE", one, token=stranger.token).json() == MISSING
    assert api.call("DELETE", one, token=user.token).json() == {"message": "Successfully deleted"}
    assert download(api, names[2], user).status_code == 200
    assert files_on_disk(project) == before - 2


def test_moving_and_copying_need_both_ends(api: Api, user: User) -> None:
    stranger, source = api.user(), f"{user.id}/from.txt"
    upload(api, user, source, b"travels")

    def call(verb: str, who: User, source: str, destination: str) -> httpx.Response:
        body = {"bucketId": "own", "sourceKey": source, "destinationKey": destination}
        return api.call("POST", f"/storage/v1/object/{verb}", token=who.token, json=body)

    copied = call("copy", user, source, f"{user.id}/copy.txt")
    assert copied.json()["Key"] == f"own/{user.id}/copy.txt"
    assert call("copy", user, source, f"{user.id}/copy.txt").json()["error"] == "Duplicate"
    assert call("copy", user, source, f"{stranger.id}/stolen.txt").json() == RLS
    assert call("copy", stranger, source, f"{stranger.id}/stolen.txt").json() == MISSING
    assert call("move", stranger, source, f"{stranger.id}/stolen.txt").json() == MISSING
    assert call("move", user, source, f"{stranger.id}/given.txt").json() == RLS
    assert call("move", user, source, f"{user.id}/to.txt").json()["message"] == "Successfully moved"
    assert download(api, source, user).json() == MISSING
    for name in ("to.txt", "copy.txt"):
        assert download(api, f"{user.id}/{name}", user).content == b"travels"


def test_signed_url_reads_one_object_for_a_while(api: Api, user: User) -> None:
    names = [f"{user.id}/{name}" for name in ("signed file.txt", "other.txt")]
    for name in names:
        upload(api, user, name, name.encode())
    sign = f"/storage/v1/object/sign/own/{names[0]}"
    url = api.call("POST", sign, token=user.token, json={"expiresIn": 60}).json()["signedURL"]
    token = url.partition("token=")[2]

    assert api.call("GET", f"/storage/v1{url}", key=None).content == names[0].encode()
    elsewhere = api.call("GET", f"/storage/v1/object/sign/own/{names[1]}?token={token}", key=None).json()
    assert elsewhere["error"] == "InvalidSignature"
    assert api.call("GET", f"{sign}?token={token}x", key=None).json()["error"] == "InvalidJWT"
    many = api.call(
        "POST", "/storage/v1/object/sign/own", token=user.token, json={"expiresIn": 60, "paths": [names[1], "absent"]}
    ).json()
    assert api.call("GET", f"/storage/v1{many[0]['signedURL']}", key=None).content == names[1].encode()
    assert many[1]["signedURL"] is None
    assert "does not exist" in many[1]["error"]


def test_service_key_alone_signs(api: Api, user: User) -> None:
    name = f"{user.id}/by-service.txt"
    upload(api, user, name, b"signed")
    sign = f"/storage/v1/object/sign/own/{name}"

    url = api.call("POST", sign, key="secret", json={"expiresIn": 60}).json()["signedURL"]

    assert api.call("GET", f"/storage/v1{url}", key=None).content == b"signed"


def test_trigger_sees_an_upload_as_one_insert_with_metadata(api: Api, project: Project, user: User) -> None:
    """Applications register files in triggers; a row without size and type first would mislead them."""
    project.query("create table public.uploads (operation text, name text, size text)")
    project.query(
        "create function public.note_upload() returns trigger language plpgsql security definer set search_path = '' as"
        " $$ begin insert into public.uploads values (tg_op, new.name, new.metadata->>'size'); return new; end $$"
    )
    project.query(
        "create trigger note_upload after insert or update on storage.objects"
        " for each row execute function public.note_upload()"
    )
    name = f"{user.id}/seen.txt"

    upload(api, user, name, b"12345")
    upload(api, user, name, b"1", headers={"x-upsert": "true"})

    seen = project.query("select operation, size from public.uploads where name = %s", [name])
    project.query("drop function public.note_upload() cascade")
    assert seen == [("INSERT", "5"), ("UPDATE", "1")]


def test_signed_upload_writes_one_object(api: Api, user: User) -> None:
    stranger, name = api.user(), f"{user.id}/upload.txt"
    sign = f"/storage/v1/object/upload/sign/own/{name}"

    refused = api.call("POST", sign, token=stranger.token)
    url = api.call("POST", sign, token=user.token).json()["url"]
    written = api.call("PUT", f"/storage/v1{url}", key=None, content=b"handed on")
    twice = api.call("PUT", f"/storage/v1{url}", key=None, content=b"again")

    assert refused.json() == RLS
    assert written.status_code == 200
    assert twice.json()["error"] == "Duplicate"
    assert download(api, name, user).content == b"handed on"


def test_buckets_are_for_the_service_role_unless_policies_say_more(api: Api, user: User) -> None:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    body = {"name": name, "public": False, "file_size_limit": "2MB", "allowed_mime_types": ["image/png"]}

    refused = api.call("POST", "/storage/v1/bucket", token=user.token, json=body)
    made = api.call("POST", "/storage/v1/bucket", key="secret", json=body)
    hidden = api.call("GET", f"/storage/v1/bucket/{name}", token=user.token).json()
    shown = api.call("GET", f"/storage/v1/bucket/{name}", key="secret").json()

    assert refused.json() == RLS
    assert made.json() == {"name": name}
    assert hidden["message"] == "Bucket not found"
    assert (shown["file_size_limit"], shown["owner"], shown["public"]) == (2 * 1024 * 1024, "", False)

    path = f"/storage/v1/bucket/{name}"
    png = {"content-type": "image/png"}
    api.call("POST", f"/storage/v1/object/{name}/a.png", key="secret", content=b"x", headers=png)
    assert api.call("PUT", path, key="secret", json={"public": True}).json()["message"] == "Successfully updated"
    assert api.call("GET", f"/storage/v1/object/public/{name}/a.png", key=None).content == b"x"
    assert api.call("DELETE", path, key="secret").json()["statusCode"] == "409"
    assert api.call("POST", f"{path}/empty", key="secret").json()["message"] == "Successfully emptied"
    assert api.call("DELETE", path, key="secret").json()["message"] == "Successfully deleted"
    assert name not in [bucket["id"] for bucket in api.call("GET", "/storage/v1/bucket", key="secret").json()]


@pytest.mark.parametrize("name", ["..", "a/b", " a", "", "a" * 101])
def test_bucket_needs_a_proper_name(api: Api, name: str) -> None:
    assert api.call("POST", "/storage/v1/bucket", key="secret", json={"name": name}).status_code == 400


def test_request_without_a_token_is_told_so(api: Api) -> None:
    answer = api.call("GET", "/storage/v1/bucket", key=None)

    assert answer.status_code == 400
    assert answer.json()["message"] == "headers must have required property 'authorization'"


def test_token_of_another_role_gets_nowhere(api: Api, project: Project) -> None:
    """A database role that is no client role must not be reachable by a claim, however it got into a token."""
    for role in ("postgres", "supabase_storage_admin", "", None):
        token = project.keys.sign({"role": role, "sub": str(uuid.uuid4()), "exp": 4102444800})
        answer = api.call("POST", "/storage/v1/object/own/x", token=token, content=b"x")
        assert answer.json()["error"] == "Unauthorized", role
