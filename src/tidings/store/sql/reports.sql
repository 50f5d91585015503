-- name: floor
select min(id), count(*) from
  (select id from message where account_id = ?1 and id > ?2 and id <= ?3 order by id desc limit ?4) as scanned;

-- name: whole
sent as (
  select id, sender, tags from message
  where account_id = ?1 and id > ?2 and id <= ?3 and direction = 'mt' and sent_at is not null and category <> 'system'
), replies as (
  select in_reply_to, count(*) as many from message
  where account_id = ?1 and in_reply_to > ?2 and in_reply_to <= ?3 group by in_reply_to
)

-- name: total
with {whole}
select count(*), count(in_reply_to), coalesce(sum(many), 0) from sent left join replies on in_reply_to = sent.id;

-- name: by_sender
with {whole}
select sender, count(*), count(in_reply_to), coalesce(sum(many), 0)
from sent left join replies on in_reply_to = sent.id
group by sender order by 2 desc, 1 limit ?4;

-- name: by_tag
with {whole}
select tag.value, count(*), count(in_reply_to), coalesce(sum(many), 0)
from sent join json_each(sent.tags) as tag on true left join replies on in_reply_to = sent.id
group by tag.value order by 2 desc, 1 limit ?4;

-- name: by_message
with {whole}
select sent.id, 1, 1, many from replies join sent on sent.id = in_reply_to order by sent.id desc limit ?4;
