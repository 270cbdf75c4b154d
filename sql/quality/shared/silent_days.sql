-- Days on which a thing sold nothing (`days`: account, thing, d, n, taken, last_hour), against its own three weeks.
-- A load lacks whole days, so what is missing ends at midnight: sales that ended before the evening were sold out or
-- stopped by a person. `low`: orders of its third-quietest day, less if the rest of the account is quiet, too. Beside
-- public holidays nothing is usual.
    grid AS
    (
        SELECT
            account, thing, arraySort(groupArray((d, n, taken, last_hour))) AS sold, arrayMap(x -> x.1, sold) AS had,
            arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date})))) AS day
        FROM days GROUP BY account, thing
    ),
    known AS
    (
        SELECT
            account, thing, day, arrayMap(i -> indexOf(had, day - i), range(22)) AS places,
            arrayMap(p -> if(p = 0, 0, sold[p].2), places) AS counts, counts[1] AS orders, arraySlice(counts, 2) AS before,
            arraySort(before)[3] AS low, arrayReduce('median', arraySlice(before, 1, 14)) AS usual,
            if(places[2] = 0, 0, sold[places[2]].4) AS sold_till_before,
            arraySum(arrayMap(p -> if(p = 0, 0., sold[p].3), arraySlice(places, 2))) / 21 AS usual_money
        FROM grid WHERE has(had, day - 1) AND had[1] <= day - 21
    ),
    beside AS
    (
        SELECT *, sum(orders) OVER a - orders AS others, sum(usual) OVER a - usual AS others_usual
        FROM known WINDOW a AS (PARTITION BY account, day)
    ),
    judged AS
    (
        SELECT
            *, if(others_usual < 10, 1, least(1, others / others_usual)) AS pace, low * pace AS expected,
            has({open:Array(String)}, concat(account, '/', toString(thing), '/', toString(day))) AS is_open,
            orders = 0 AND expected >= {low:Float64} * if(is_open, 0.8, 1) AND sold_till_before >= {evening:Float64} AND NOT has({quiet:Array(Date)}, day) AS is_silent
        FROM beside
    )
