-- What the process that holds a carrier tells of it, so that it can be shown and steered anywhere.
create table carrier_report (
  carrier text primary key,
  account_id integer not null,
  holder integer not null,
  report text not null
);
