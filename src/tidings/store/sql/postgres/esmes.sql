-- Where several processes share a database, a bind ends with its process: `node` tells who lives.

-- name: sessions
select id, account_id, esme_id, holder, place, bind_type, address, interface_version, secure, bound_at
from esme_session where esme_id in rows_int(?1)
  and (holder = 0 or exists (select 1 from node where writer = holder and heard_at > clock_ms() - 6000)) order by id;

-- name: forget_sessions
delete from esme_session where holder <> 0
  and not exists (select 1 from node where writer = holder and heard_at > clock_ms() - 6000) returning id;
