import time, os
from tests.flows.conftest import *
def test_m(product, serve_all):
    t=time.monotonic()
    world = make_world(days=20)
    print("world", time.monotonic()-t)
    serve_all(world)
    print("serve", time.monotonic()-t)
    product.env["DIRECT_RATE"]="100"; product.env["VK_RATE"]="100"
    for a in (("load","all","--days","20"),("load","all","--days","20"),("load","vk_ads","--days","20"),("load","direct","--days","20"),("sql","SELECT 1"),("sql","SELECT count() FROM fact_vk_ads_daily")):
        t=time.monotonic()
        out=product.loaded(*a)
        print(a, time.monotonic()-t, out)
    t=time.monotonic()
    m=product.select("SELECT job, metrics FROM meta_job_runs ORDER BY started_at")
    print("select", time.monotonic()-t)
    for r in m.rows(): print(r)
    for k,v in product.env.items(): os.environ[k]=v
    from flows import terminal
    from flows.registry import SOURCES
    for s in ("vk_ads","direct","qtickets","vk_ads"):
        t=time.monotonic()
        r=SOURCES[s].flow(days=20)
        print("in-process", s, time.monotonic()-t, r.message)
