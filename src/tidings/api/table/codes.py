"""Rows of the table: codes."""

from __future__ import annotations

from tidings.api import codes, examples
from tidings.api.call import Endpoint
from tidings.api.keys import PageQuery
from tidings.api.webhooks import Gone
from tidings.core.codes import Rule

CODES: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/codes",
        handle=codes.post,
        name="createCode",
        summary="Say what incoming texts of a form mean",
        detail="It holds from the next text on. `reports` tells what it does to other codes, and they to it.",
        scope="admin",
        body=Rule,
        answer=codes.CodeView,
        status=201,
        problems=("code_exists", "too_many_codes"),
        example=examples.CODE_REQUEST,
        answer_example=examples.CODE | {"reports": []},
    ),
    Endpoint(
        method="GET",
        path="/v1/codes",
        handle=codes.page,
        name="listCodes",
        summary="List codes, newest first",
        scope="read",
        query=PageQuery,
        answer=codes.CodePage,
        answer_example={"data": [examples.CODE], "next_cursor": None},
    ),
    Endpoint(
        method="POST",
        path="/v1/codes/test",
        handle=codes.test,
        name="testCode",
        summary="Try a text on the codes",
        detail="Tells which code it is for, what was understood, what would be done, and which others came close. "
        "Nothing is sent, called or stored. With `code` one is tried that is not stored yet.",
        scope="read",
        body=codes.CodeTest,
        answer=codes.CodeTested,
        example=examples.CODE_TEST,
        answer_example=examples.CODE_TESTED,
    ),
    Endpoint(
        method="POST",
        path="/v1/codes/import",
        handle=codes.take,
        name="importCodes",
        summary="Take the codes of a file, all or none",
        detail="One that has the name of a stored code takes its place; others stay. What `GET /v1/codes` lists can be "
        "given back here, without `id`, `created_at`, `changed_at` and `reports`.",
        scope="admin",
        body=codes.CodeImport,
        answer=codes.CodesImported,
        problems=("too_many_codes",),
        example={"codes": [examples.CODE_REQUEST]},
        answer_example={"data": [examples.CODE], "reports": []},
    ),
    Endpoint(
        method="GET",
        path="/v1/codes/reports",
        handle=codes.reports,
        name="reportCodes",
        summary="What the codes of the account do to each other",
        detail="Conflicts (only their age decides which goes first), keywords that never reach their code, and codes "
        "that nothing reaches: 200 at the most.",
        scope="read",
        answer=codes.CodeReports,
        answer_example={"data": [examples.CODE_REPORT]},
    ),
    Endpoint(
        method="GET",
        path="/v1/codes/{id}",
        handle=codes.read,
        name="getCode",
        summary="Read a code",
        scope="read",
        answer=codes.CodeView,
        answer_example=examples.CODE,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/codes/{id}",
        handle=codes.patch,
        name="changeCode",
        summary="Change a code",
        detail="What is not named stays; a list or object that is named takes the place of the one before.",
        scope="admin",
        body=codes.CodeChange,
        answer=codes.CodeView,
        problems=("code_exists", "too_many_codes"),
        example=examples.CODE_CHANGE,
        answer_example=examples.CODE | examples.CODE_CHANGE | {"reports": []},
    ),
    Endpoint(
        method="DELETE",
        path="/v1/codes/{id}",
        handle=codes.drop,
        name="deleteCode",
        summary="End a code",
        detail="What it called already is still called.",
        scope="admin",
        answer=Gone,
        answer_example={},
    ),
)
