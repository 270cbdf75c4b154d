-- What events that are known are like.
-- when: check
-- sources: qtickets
SELECT
    'qtickets' AS source,
    account,
    toString(event_id) AS thing,
    toDate('1970-01-01') AS day,
    CAST(map(), 'Map(String, Decimal(18, 2))') AS figures,
    map('name', event_name, 'city', toString(city), 'timezone', toString(timezone), 'currency', toString(currency), 'venue', venue) AS words
FROM dim_events FINAL
