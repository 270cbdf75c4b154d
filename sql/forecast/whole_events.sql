-- Events with a show to come, the dearest first: what was spent on them as a whole, that is on no one show of theirs.
SELECT account, event_id, event_name, city, spend_total AS spend
FROM (SELECT * FROM v_show_economics) AS e
WHERE show_id = 0 AND event_id != 0 AND spend_total != 0
    AND (account, event_id) IN
    (
        SELECT toString(account), event_id FROM dim_shows FINAL
        WHERE show_date >= toDate(now(), 'Europe/Moscow') AND (deleted_at IS NULL OR toDate(deleted_at, 'Europe/Moscow') > show_date)
    )
ORDER BY spend DESC, account, event_id
