-- What a click and a show of each thing cost on a day (`days`: source, account, campaign_id, thing, d, shown, clicked,
-- spent) against its own two weeks before (`costs`, as logarithms), and of all things of an account at once
-- (`together`, weighted by what a figure of few clicks is worth).
    costs AS
    (
        SELECT
            *, arrayReduce('median', clicks_cost) AS usual_click, arrayReduce('median', shows_cost) AS usual_show,
            log(spent / clicked / usual_click) AS by_click, log(spent / shown / usual_show) AS by_show,
            -- What a figure of few clicks is worth.
            1 / (0.02 + 1 / clicked) AS weight
        FROM
        (
            SELECT *, groupArray(spent / clicked) OVER w AS clicks_cost, groupArray(spent / shown) OVER w AS shows_cost
            FROM days WHERE spent > 0 AND clicked > 0 AND shown > 0
            WINDOW w AS (PARTITION BY source, account, campaign_id, thing ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING)
        )
        WHERE length(clicks_cost) >= 4
    ),
    together AS
    (
        SELECT
            source, account, d, uniqExact(campaign_id) AS campaigns, sum(spent) AS of_these, sum(clicked) AS clicks_of_these,
            sum(weight * by_click) / sum(weight) AS click_shift, sum(weight * by_show) / sum(weight) AS show_shift
        FROM costs GROUP BY source, account, d
    )
