-- Several engines share the queue, and each reads what goes by its own carriers: from the index of each carrier no more
-- than is asked for, however much waits for others.

-- name: head
select found.message_id from unnest(?4::text[]) as mine (carrier) cross join lateral (
  select message_id from queue
  where queue.carrier = mine.carrier and due_at = 0 and rank = ?1 and message_id > ?2 order by message_id limit ?3
) as found order by found.message_id limit ?3;

-- name: next_due
select min(found.due_at) from unnest(?2::text[]) as mine (carrier) cross join lateral (
  select due_at from queue where queue.carrier = mine.carrier and due_at > ?1 order by due_at limit 1
) as found;

-- name: due_in
select found.message_id from unnest(?4::text[]) as mine (carrier) cross join lateral (
  select message_id, due_at from queue
  where queue.carrier = mine.carrier and due_at > 0 and due_at <= ?2 and rank = ?1 order by due_at limit ?3
) as found order by found.due_at limit ?3;

-- name: carriers
with recursive one as (
  (select carrier from queue order by carrier limit 1)
  union all
  select (select carrier from queue where queue.carrier > one.carrier order by carrier limit 1) from one
  where one.carrier is not null
)
select carrier from one where carrier is not null;
