-- One database a service, as if each had a server of its own. Runs once, when the volume is new.
CREATE DATABASE "order";
CREATE DATABASE payment;
CREATE DATABASE inventory;
