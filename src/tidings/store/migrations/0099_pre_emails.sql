-- How many e-mails codes of an account left to be sent on a day (days since 1970, UTC): its last one alone.
create table email_day (
  account_id integer primary key,
  day integer not null,
  sent integer not null
);
