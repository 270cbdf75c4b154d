-- Spend of the window that fits no event, by reason, the dearest first; docs/concerts.md has the rules.
SELECT reason, any(reason_ru) AS reason_ru, CAST(sum(spend) AS Decimal(18, 2)) AS spent
FROM v_tag_shows WHERE event_id = 0 AND stat_date BETWEEN {first:Date} AND {last:Date}
GROUP BY reason HAVING spent != 0 ORDER BY spent DESC, reason
