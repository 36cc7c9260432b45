"""Mutants of which no tenant can see anything, each established by hand, with the reason."""

from __future__ import annotations

import re

EQUIVALENT: tuple[tuple[str, str], ...] = (
    (
        r"trigger touch_updated_at: dropped|private\.touch_updated_at",
        "keeps a time in shape; no policy, function or key reads it",
    ),
    (
        r"private\.(check_|forget|keep_|refuse_|require_|withdraw_).*without its search_path"
        r"|(is_superadmin|is_member|orgs_as|list_course_versions).*without its search_path",
        "everything in it, types included, is named with its schema: there is nothing to put in front of",
    ),
    (
        r"organizations policy 'org admins update their organization': (using|with check)",
        "the other clause asks the same, and an organization cannot get another id: all else refers to it",
    ),
    (
        r"policy '.*': using without \(course\.visibility = 'global'",
        "the sub-select is subject to the policies of course_metadata: what it finds is one's own or global anyway",
    ),
    (
        r"policy '.*superadmins global ones': (using|with check) without \(organization_id IS NULL\)"
        r"|policy 'org admins (give|change|take) roles.*': (using|with check) without \(organization_id IS NULL\)"
        r"|policy 'users read their roles.*without \(organization_id IS NULL\)",
        "beside it stands `is_superadmin()`, and superadmins act in every organization anyway",
    ),
    (
        r"storage\.objects policy '.*without \(bucket_id = 'courses'",
        "the only other bucket is public, and a folder in it is still one's own course's: nobody reaches another's",
    ),
    (
        r"trigger (check_tag_type|check_course_tags|check_mapped_tags|forget_tag|check_tags_keep_their_type): dropped"
        r"|private\.(check_tag_type|check_course_tags|check_mapped_tags|check_tags_keep_their_type|forget_tag"
        r"|require_usable_tags)\b(?!.*(created|known\.organization_id = (org|new|used))).*without",
        "keeps one's own references whole: a foreign id in one's own row reads and changes nothing of the other's",
    ),
    (
        r"require_usable_tags\(.*without \(known\.organization_id = org",
        "whoever knows the id of a foreign tag learns that it is there: ids are random, and who was told one knows it",
    ),
    (
        r"(check_tags_keep_their_type|forget_tag)\(\): security invoker",
        "those who may remove or move a type or a tag see and change all that it looks for: their organization's rows",
    ),
    (
        r"check_tag_type\(\): security invoker",
        "a lock asks for the right to change: it refuses one's own tag of a global type, and no one else sees anything",
    ),
    (
        r"refuse_id_with_files\(\): security invoker",
        "it asks once the row is there, and by then its author may read the files under it: nothing is hidden from it",
    ),
    (
        r"stamp_review\(\): security definer",
        "reads and writes nothing but the new row and who is signed in",
    ),
    (
        r"is_superadmin\(\): security invoker",
        "looks for a row about the caller, and the policies of user_roles show them theirs before they ask anything",
    ),
    (
        r"(get_user_org_ids|get_user_roles|get_user_role_in_org|has_org_role|user_in_org)\(.*: security definer",
        "asks for rows about the caller, and for organizations that one of those rows names",
    ),
    (
        r"(get_user_org_ids|get_user_roles|get_user_role_in_org)\(.*: without (held\.|\(held\.)",
        "runs as its caller: row-level security leaves it the rows of organizations whose admin one is, and one's own",
    ),
    (
        r"get_courses_by_tags\(.*: without \(course\.organization_id",
        "runs as its caller: the courses of another organization of one's own stand among those asked for, no others",
    ),
    (
        r"publish_course\(.*: without (perform from|if not found|if exists)",
        "runs as its caller: the policy for new versions refuses what the question before it would have refused",
    ),
    (
        r"restore_course_version\(.*: without if earlier is null: raise",
        "runs as its caller: what it does not find is null, and no version without a snapshot is written",
    ),
    (
        r"keep_an_org_admin(?!\(\): without held\.organization_id)|keep_published_course|refuse_change",
        "keeps an organization from hurting itself, or refuses it more than it should; no other one is touched",
    ),
    (
        r"tag_approval_queue_course_fkey",
        "a suggestion for a foreign course lies in one's own queue, where one's own admins alone see it",
    ),
    (
        r"(is_member|keep_domain_verification|require_usable_tags)\(.*: security invoker",
        "reads nothing, what the caller's own policies show anyway, or runs within triggers that are their owner's",
    ),
    (
        r"number_version\(\): (security definer|without (perform from|new\.etag))",
        "a lock, and a number for a row that the policy turns away: nothing that somebody else could observe",
    ),
    (
        r"orgs_as\(text\): without held\.organization_id is not null",
        "a null among the organizations equals none",
    ),
    (
        r"withdraw",
        "takes one's own withdrawn files out of a public bucket: what was public a moment ago was read already",
    ),
    (
        r"(?<!course_metadata_id)_check: dropped|branding|settings_check",
        "keeps a value in shape; a malformed one is one's own",
    ),
    (
        r"_organization_id_fkey: dropped|_reviewed_by_fkey: dropped|user_roles_user_id_fkey: dropped",
        "policies ask for membership of the organization, so that a row of none can be written by nobody",
    ),
    (
        r"(organizations_slug_key|organization_domains_domain_key): dropped",
        "with it goes an accepted oracle; nothing comes",
    ),
    (
        r"(course_id_version_key|one_primary_idx|tag_types_organization_id_key_key|tags_organization_id_type_key_slug_key"
        r"|org_course_item_level_hash_key|user_roles_user_id_organization_id_key).*: dropped|one_primary_idx",
        "keeps apart rows of one organization, or several roles of one person in it, of which the highest counts",
    ),
    (
        r"private\.(?!require)\w+\(.*\): public, as created",
        "nobody calls a trigger, what guards rows is granted to those who have the use of the schema, anon has not",
    ),
)


UNSEEN: tuple[tuple[str, str], ...] = (
    (
        r"course_metadata_id_check: dropped",
        "a course called like another one's folder (`course/images`), registered before files lie there, takes public "
        "copies along when it is withdrawn: a prefix, a trigger and an order of events that nothing here puts together",
    ),
)
"""What is a hole and is not found, with the reason; a line that no longer holds is to go."""


def unseen(name: str) -> bool:
    """Whether the mutant of that name is known not to be found although it should be."""
    return any(re.search(pattern, name) for pattern, _ in UNSEEN)


def reason(name: str) -> str | None:
    """Why the mutant of that name changes nothing between tenants, None if it should be found."""
    return next((why for pattern, why in EQUIVALENT if re.search(pattern, name)), None)
