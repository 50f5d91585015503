-- PostgreSQL takes JSON arrays apart by another name.

-- name: by_tag
with sent as (
  select id, tags from message
  where account_id = $1 and id > $2 and id <= $3 and direction = 'mt' and sent_at is not null and category <> 'system'
), replies as (
  select in_reply_to, count(*) as many from message
  where account_id = $1 and in_reply_to > $2 and in_reply_to <= $3 group by in_reply_to
)
select tag.value collate "C", count(*), count(in_reply_to), coalesce(sum(many), 0)
from sent cross join lateral json_array_elements_text(sent.tags::json) as tag (value)
left join replies on in_reply_to = sent.id
group by 1 order by 2 desc, 1 limit $4;
