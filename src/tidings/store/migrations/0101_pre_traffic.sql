-- How many messages took which status, by the minute, hour and day: added to by the commits that move them. `part`: each
-- writer adds to rows of its own, so that none waits for another's commit.
create table traffic (
  account_id integer not null,
  step integer not null,
  start integer not null,
  carrier text not null,
  part integer not null,
  accepted integer not null,
  sent integer not null,
  delivered integer not null,
  undelivered integer not null,
  failed integer not null,
  expired integer not null,
  rejected integer not null,
  canceled integer not null,
  unknown integer not null,
  received integer not null,
  primary key (account_id, step, start, carrier, part)
) without rowid;
-- postgres: alter table traffic set (fillfactor = 50);
create index traffic_start on traffic (step, start);
