-- title: No show sells slower than three of four comparable ones
-- ru: Ни один концерт не продаётся медленнее трёх из четырёх похожих
-- why: Today there is still time to act
-- why_ru: Сегодня ещё есть время что-то изменить
-- do: Look at its price, its advertising and what others play that day
-- do_ru: Проверьте цены, рекламу и что ещё идёт в этот день
-- severity: warn
-- sources: qtickets
-- key: account, show_id
-- param: least = 10
-- says: {event}, {city}, {on}: {days_left} days left, {tickets} tickets sold by the end of {day}, usual by then {usual}[, {money} ₽ behind]
-- says_ru: {event}, {city}, {on}: через {days_left} дн., на {day} продано билетов: {tickets}, обычно к этому сроку: {usual}[, недобор {money} ₽]

-- By the end of yesterday: today's sales are not all in. Money: what the median would have brought beyond it; of a show that
-- sells in another currency than the report's nobody says it.
SELECT
    p.account AS account, p.show_id AS show_id, p.event_name AS event, p.city AS city, p.show_date AS on, p.show_date - {today:Date} AS days_left, p.day AS day, p.tickets AS tickets,
    round(p.usual_tickets_p50) AS usual,
    if(e.currency IN ('', (SELECT any(currency) FROM dim_report FINAL)),
        round((p.usual_tickets_p50 - p.tickets) * coalesce(e.average_price, toFloat64(e.price_left) / nullIf(e.seats_free, 0), 0), 2), NULL) AS money
FROM (SELECT * FROM v_show_pace WHERE day = {today:Date} - 1 AND show_date >= {today:Date}) AS p
LEFT JOIN (SELECT * FROM v_show_economics) AS e ON e.account = p.account AND e.event_id = p.event_id AND e.show_id = p.show_id
WHERE p.tickets < p.usual_tickets_p25 AND p.usual_tickets_p50 - p.tickets >= {least:Float64}
ORDER BY money DESC, account, show_id
SETTINGS join_use_nulls = 0
