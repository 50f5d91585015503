-- Captured traffic on its way from the process that has the links to the one whose caller reads it.
create table capture_piece (
  id integer primary key,
  account_id integer not null,
  capture_id integer not null,
  place text not null,
  lines text not null
);
create index capture_piece_capture on capture_piece (capture_id, id);
