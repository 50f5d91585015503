-- Octets of a message that came made up, with their header and coding, as JSON.
alter table message add column prepared text;
