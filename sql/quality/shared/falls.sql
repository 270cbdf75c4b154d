-- `days` (account, thing, d, n of all orders, their money `taken`, x of them with the thing) against what its share of
-- the orders of the month before lets expect, or its own usual number, whichever is less: over one day and over three.
-- It is low beyond chance and beyond what it strayed before.
    stretches AS
    (
        SELECT
            account, thing, d, length, if(length = 1, x, x3) AS found, if(length = 1, n, n3) AS orders, if(length = 1, taken, taken3) AS money_then,
            x_before / n_before AS share, days_before, least(orders * share, usual * length) AS expected, log((found + 0.5) / (expected + 0.5)) AS shift
        FROM
        (
            SELECT
                *, sum(x) OVER three AS x3, sum(n) OVER three AS n3, sum(taken) OVER three AS taken3,
                sum(x) OVER month AS x_before, sum(n) OVER month AS n_before, count() OVER month AS days_before, quantileExact(0.5)(x) OVER month AS usual
            FROM days
            WINDOW three AS (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 2 PRECEDING AND CURRENT ROW),
                month AS (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 31 PRECEDING AND 3 PRECEDING)
        )
        ARRAY JOIN [1, 3] AS length
        WHERE days_before >= 14
    ),
    judged AS
    (
        SELECT
            *, 1.4826 * arrayReduce('median', arrayMap(s -> abs(s - arrayReduce('median', shifts)), shifts)) AS mad,
            -- What is open ends by proof alone, not since the days before it were read anew and lack the same.
            (has({open:Array(String)}, key) AND (expected < {orders:Float64} OR found < {fall:Float64} * expected))
                OR found < {fall:Float64} * expected AND expected >= {orders:Float64}
                -- How unlikely so few are by chance alone, as a power of e.
                AND expected - found + found * log(greatest(found, 1) / expected) > {chance:Float64} * if(has({open:Array(String)}, key), 0.7, 1)
                AND -shift > if(has({open:Array(String)}, key), 0.8, 1) * greatest({spread:Float64} * mad, -arrayMin(shifts) * 1.1) AS is_low
        FROM (SELECT *, arrayStringConcat(arrayFilter(part -> part != '', [toString(account), toString(thing), toString(d)]), '/') AS key, groupArray(shift) OVER (PARTITION BY account, thing, length ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 3 PRECEDING) AS shifts FROM stretches)
        WHERE length(shifts) >= 7
    )
