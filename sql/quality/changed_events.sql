-- title: An event that sells keeps its city and its currency
-- ru: У события с продажами не меняются город и валюта
-- why: All its sales move to another city, or out of the report
-- why_ru: Все его продажи переходят в другой город или выпадают из отчёта
-- do: Look at the event's city and currency in QTickets
-- do_ru: Проверьте город и валюту этого события в QTickets
-- severity: warn
-- story: exact
-- key: account, event_id
-- days: 14
-- sources: qtickets
-- says: {who}: {what_changed} of an event since {day}: "{was}" is now "{now}", sales of {money} ₽: {event}
-- says_ru: {who}: у события {what_changed_ru} «{now}» вместо «{was}» с {day}: {event}, продажи на {money} ₽

-- What events are like now against what was remembered before `since`, or first: a change stays named until it is
-- undone. What was empty and is filled is no change.
WITH
    entries AS (SELECT account, toUInt64OrZero(thing) AS event_id, seen_on, words FROM meta_memory FINAL WHERE what = 'events' AND day = toDate(0)),
    old AS
    (
        SELECT account, event_id, if(countIf(seen_on < {since:Date}) > 0, argMaxIf(words, seen_on, seen_on < {since:Date}), argMin(words, seen_on)) AS was
        FROM entries GROUP BY account, event_id
    ),
    changed AS
    (
        SELECT e.account AS account, e.event_id AS event_id, e.event_name AS event, toString(e.city) AS city, toString(e.currency) AS currency, o.was['city'] AS old_city, o.was['currency'] AS old_currency
        FROM (SELECT * FROM dim_events FINAL) AS e INNER JOIN old AS o ON o.account = e.account AND o.event_id = e.event_id
        WHERE (old_city != '' AND old_city != city) OR (old_currency != '' AND old_currency != currency)
    )
SELECT
    c.account AS account, c.event_id AS event_id, any(c.event) AS event,
    arrayStringConcat(arrayFilter(text -> text != '', [if(any(c.old_city) = any(c.city), '', any(c.old_city)), if(any(c.old_currency) = any(c.currency), '', any(c.old_currency))]), ', ') AS was,
    arrayStringConcat(arrayFilter(text -> text != '', [if(any(c.old_city) = any(c.city), '', if(any(c.city) = '', '-', any(c.city))), if(any(c.old_currency) = any(c.currency), '', any(c.currency))]), ', ') AS now,
    (SELECT groupArray((account, event_id, seen_on, words['city'], words['currency'])) FROM entries WHERE seen_on >= {since:Date} AND (account, event_id) IN (SELECT account, event_id FROM changed)) AS seen,
    arrayMin(arrayPushBack(arrayMap(s -> s.3, arrayFilter(s -> s.1 = c.account AND s.2 = c.event_id AND (s.4 != any(c.old_city) OR s.5 != any(c.old_currency)), seen)), {today:Date})) AS day,
    multiIf(any(c.old_currency) = '' OR any(c.old_currency) = any(c.currency), 'another city', any(c.old_city) = '' OR any(c.old_city) = any(c.city), 'another currency', 'another city and currency') AS what_changed,
    transform(what_changed, ['another city', 'another currency'], ['другой город', 'другая валюта'], 'другие город и валюта') AS what_changed_ru, any(s.brought) AS money
FROM changed AS c
INNER JOIN (SELECT account, event_id, sum(revenue) AS brought, sum(tickets_sold) AS tickets FROM stg_qtickets_sales_raw FINAL WHERE event_date >= {today:Date} - 400 GROUP BY account, event_id HAVING tickets > 0) AS s
    ON s.account = c.account AND s.event_id = c.event_id
GROUP BY account, event_id
ORDER BY money DESC, account, event_id
