"""One package an API, over one HTTP client. Each returns raw rows; none imports Prefect or the warehouse."""
