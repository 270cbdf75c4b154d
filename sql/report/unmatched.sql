-- Spend of the window that fits no concert; docs/concerts.md has the rules.
SELECT CAST(sum(spend) AS Decimal(18, 2)) AS spend FROM v_tag_shows WHERE event_id = 0 AND stat_date BETWEEN {first:Date} AND {last:Date}
