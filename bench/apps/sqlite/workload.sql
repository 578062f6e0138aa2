-- Bulk inserts, indexes, joins, aggregates, text functions, updates, deletes, a recursive query and window functions.
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, city TEXT, credit REAL);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer INTEGER, item TEXT, quantity INTEGER, price REAL);

BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
INSERT INTO customer SELECT i, 'customer ' || printf('%05d', i), 'city ' || (i * 7919 % 97), i * 13 % 1000 / 8.0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000)
INSERT INTO purchase SELECT i, i * 2654435761 % 6000 + 1, 'item ' || (i * 31 % 211), i % 9 + 1, i * 17 % 10000 / 16.0 FROM n;
COMMIT;

CREATE INDEX purchase_customer ON purchase (customer);
CREATE INDEX purchase_item ON purchase (item, price);
CREATE INDEX customer_city ON customer (city);
ANALYZE;

SELECT city, count(*), sum(quantity * price), max(price) FROM customer JOIN purchase ON customer.id = purchase.customer
GROUP BY city ORDER BY 3 DESC, city LIMIT 20;

SELECT item, count(DISTINCT customer), avg(price), group_concat(CASE WHEN quantity = 9 THEN purchase.id END, '/')
FROM purchase WHERE item LIKE 'item 1%' GROUP BY item ORDER BY item;

SELECT name FROM customer WHERE id IN (SELECT customer FROM purchase GROUP BY customer HAVING sum(price) > 3900)
ORDER BY substr(name, -2), name;

UPDATE purchase SET price = price * 1.25 WHERE item IN ('item 10', 'item 20', 'item 30', 'item 40', 'item 50');
UPDATE customer SET credit = credit + (SELECT coalesce(sum(quantity), 0) FROM purchase WHERE customer = customer.id) WHERE id % 3 = 0;
DELETE FROM purchase WHERE id % 11 = 0;

SELECT length(hex(upper(replace(name, 'customer', city)))), count(*) FROM customer GROUP BY 1 ORDER BY 1;
SELECT instr(name, '99'), trim(substr(name, 10), '0'), lower(city) FROM customer WHERE name GLOB '*9[0-4]' ORDER BY id;

SELECT customer, id, running FROM (
  SELECT customer, id, sum(price) OVER (PARTITION BY customer ORDER BY id) AS running,
         row_number() OVER (PARTITION BY customer ORDER BY id) AS place
  FROM purchase WHERE customer < 800) WHERE place = 5 ORDER BY running LIMIT 40;

WITH RECURSIVE collatz(start, value, steps) AS (
  SELECT id, id, 0 FROM customer WHERE id <= 150
  UNION ALL
  SELECT start, CASE value % 2 WHEN 0 THEN value / 2 ELSE 3 * value + 1 END, steps + 1 FROM collatz WHERE value > 1)
SELECT start, max(steps), max(value) FROM collatz GROUP BY start ORDER BY 2 DESC, 1 LIMIT 10;

SELECT a.city, count(*) FROM customer a JOIN customer b ON a.city = b.city AND a.id < b.id GROUP BY a.city ORDER BY 2, 1 LIMIT 5;
SELECT sum(credit), count(*) FROM customer;
PRAGMA integrity_check;
