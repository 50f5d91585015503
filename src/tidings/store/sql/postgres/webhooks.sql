-- What waits has not ended, and stands in a partition of its own: said in the words of its bounds, so that no other is
-- looked at.

-- name: settle_delivery
update webhook_delivery set status = v.status, attempts = v.attempts, next_at = v.next_at, finished_at = v.finished_at,
  reply_id = v.reply_id
from unnest(?1::bigint[], ?2::text[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[])
  as v (id, status, attempts, next_at, finished_at, reply_id)
where webhook_delivery.id = v.id and coalesce(webhook_delivery.finished_at, 4611686018427387904) = 4611686018427387904;
