"""Rows of the table: customers' ESMEs."""

from __future__ import annotations

from tidings.api import esmes, examples
from tidings.api.call import Endpoint

ESMES: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/esmes",
        handle=esmes.post,
        name="enrolEsme",
        summary="Enrol a customer's ESME",
        detail="For keys of the default account. The password is in this answer and nowhere else: only a slow hash "
        "of it is stored.",
        scope="admin",
        operator=True,
        body=esmes.EsmeRequest,
        answer=esmes.EsmeEnrolled,
        status=201,
        example=examples.ESME_REQUEST,
        answer_example=examples.ESME_ENROLLED,
    ),
    Endpoint(
        method="GET",
        path="/v1/esmes",
        handle=esmes.page,
        name="listEsmes",
        summary="List ESMEs, without their passwords, with their binds",
        scope="admin",
        query=esmes.EsmeQuery,
        answer=esmes.EsmePage,
        answer_example={"data": [examples.ESME], "next_cursor": None},
    ),
    Endpoint(
        method="GET",
        path="/v1/esmes/{id}",
        handle=esmes.read,
        name="getEsme",
        summary="Read an ESME, with its binds",
        scope="admin",
        answer=esmes.EsmeView,
        answer_example=examples.ESME,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/esmes/{id}",
        handle=esmes.patch,
        name="changeEsme",
        summary="Change an ESME",
        detail="For keys of the default account. What is not named stays. Binds that it no longer allows are unbound "
        "at once, after what they asked is answered.",
        scope="admin",
        operator=True,
        body=esmes.EsmeChange,
        answer=esmes.EsmeView,
        problems=("esme_closed",),
        example=examples.ESME_CHANGE,
        answer_example=examples.ESME_CHANGED,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/esmes/{id}",
        handle=esmes.close,
        name="closeEsme",
        summary="Close an ESME",
        detail="For keys of the default account. Its binds are unbound and its system_id is free; what it submitted "
        "already goes its way. It stays in the list. A repeated call changes nothing.",
        scope="admin",
        operator=True,
        answer=esmes.EsmeView,
        answer_example=examples.ESME_CLOSED,
    ),
    Endpoint(
        method="POST",
        path="/v1/esmes/{id}/rotate",
        handle=esmes.renew,
        name="rotateEsme",
        summary="Give an ESME a new password",
        detail="The password of before stays good for `overlap_s`; when it ends, binds that came in by it are unbound.",
        scope="admin",
        body=esmes.PasswordRotation,
        body_required=False,
        answer=esmes.EsmeEnrolled,
        problems=("esme_closed",),
        example=examples.ROTATION,
        answer_example={**examples.ESME_ENROLLED, "rotating_until": "2026-11-23T12:30:00.000Z"},
    ),
)
