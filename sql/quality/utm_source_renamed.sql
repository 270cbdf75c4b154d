-- title: No utm_source gives way to a new spelling
-- ru: utm_source не сменил написание
-- why: Revenue of the new spelling is counted as another's or as nobody's
-- why_ru: Выручка с новым написанием достаётся не тому источнику
-- do: Ask who renamed the tag; whoever runs Zakaz adds the new one to utm_sources.csv
-- do_ru: Узнайте, кто сменил метку; новую администратор Zakaz добавит в utm_sources.csv
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, utm_source, day
-- days: 14
-- param: fall = 0.6
-- param: chance = 6
-- param: spread = 3
-- param: orders = 7
-- param: new = 0.3
-- says: {who}: utm_source "{utm_source}" in {found} orders up to {day}, usual {expected}; new: "{came}" in {came_in}
-- says_ru: {who}: метка utm_source «{utm_source}» сменилась на «{came}»: заказов {found} вместо {expected}, с новой {came_in} (по {day})

-- One fell, beyond chance and beyond what it strayed, while one that nobody used in a month before came up by about as much. A new source alone is
-- a new partner, one that ends alone is a mailing that is over, and where both are known spellings of the same advertising nothing is lost.
WITH
    -- include: tagged_orders,
    all_days AS (SELECT account, d, toFloat64(count()) AS n, sum(paid) AS taken, groupArray(tag) AS of_orders FROM orders GROUP BY account, d),
    usual_tags AS (SELECT account, tag FROM orders WHERE tag != '' GROUP BY account, tag HAVING uniqExact(d) >= 7 AND count() >= 30),
    days AS
    (
        SELECT a.account AS account, u.tag AS thing, d, n, taken, toFloat64(countEqual(of_orders, u.tag)) AS x
        FROM all_days AS a INNER JOIN usual_tags AS u ON u.account = a.account
    ),
    -- include: falls,
    tags AS (SELECT account, tag, d, count() AS x FROM orders WHERE tag != '' GROUP BY account, tag, d),
    newcomers AS
    (
        SELECT account, tag, d, x, sum(x) OVER three AS x3, count() OVER before AS seen
        FROM tags
        WINDOW three AS (PARTITION BY account, tag ORDER BY toInt32(d) RANGE BETWEEN 2 PRECEDING AND CURRENT ROW),
            before AS (PARTITION BY account, tag ORDER BY toInt32(d) RANGE BETWEEN 31 PRECEDING AND 3 PRECEDING)
    ),
    strange AS
    (
        SELECT
            j.account AS account, j.thing AS thing, j.d AS d, j.length AS length, j.found AS found, j.expected AS expected, j.orders AS orders, j.money_then AS money_then,
            argMax(n.tag, if(j.length = 1, n.x, n.x3)) AS came, max(if(j.length = 1, n.x, n.x3)) AS came_in,
            any(j.is_low) AND came_in >= {new:Float64} * expected AND came_in <= 1.5 * expected + 5 AND came_in >= 5 AS is_strange
        FROM judged AS j INNER JOIN (SELECT * FROM newcomers WHERE seen = 0) AS n ON n.account = j.account AND n.d = j.d
        WHERE (j.thing, n.tag) NOT IN (SELECT a.utm_source, b.utm_source FROM dim_utm_sources AS a FINAL INNER JOIN dim_utm_sources AS b FINAL ON b.source = a.source)
        GROUP BY account, thing, d, length, found, expected, orders, money_then
    )
SELECT
    'qtickets' AS source, account, thing AS utm_source, d AS day, argMin(s.found, s.length) AS found, round(argMin(s.expected, s.length)) AS expected,
    argMin(s.came, s.length) AS came, argMin(s.came_in, s.length) AS came_in, round(max(s.money_then / s.orders * s.came_in), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS went_on FROM strange) AS s
WHERE d >= {since:Date} AND is_strange AND NOT went_on
GROUP BY account, utm_source, day
ORDER BY money DESC, account, utm_source, day
