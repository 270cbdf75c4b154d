-- How fresh each account is, and when it was last loaded well.
SELECT
    toString(source) AS source, toString(account) AS account, latest_date, days_behind, last_success_at, minutes_since_success, toString(last_status) AS last_status
FROM v_data_freshness
ORDER BY source != 'qtickets', source DESC, account
