-- A common word is found among the newest messages; what is not there often enough is rare, and the index has it at once.
-- Asked for in order, the index by number would be walked through instead.

-- name: find
with asked as (
  select replace(replace($2, '*', ':*'), ' ', ' & ')::tsquery as query
), newest as materialized (
  select message_id, found from message_words where account_id = $1 and message_id < $3
  order by message_id desc limit 20000
), near as materialized (
  select message_id from newest, asked where found @@ query order by message_id desc limit $4
), hits as materialized (
  select message_id from message_words, asked where (select count(*) from near) < $4 and found @@ query limit 100000
), far as (
  select message_id from hits where message_id < (select min(message_id) from newest)
  order by message_id desc limit $4
)
select message_id from (select message_id from near union all select message_id from far) as both_of_them
order by message_id desc limit $4;
