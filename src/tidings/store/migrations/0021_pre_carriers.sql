-- What an operator paused: a carrier ('' as the bind), or one of its binds. Rows go when it is resumed.
create table carrier_pause (
  account_id integer not null,
  carrier text not null,
  bind text not null,
  paused_at integer not null,
  primary key (account_id, carrier, bind)
) without rowid;
