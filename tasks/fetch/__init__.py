"""One module an API, over one HTTP client. Each returns raw rows; none knows Prefect or the warehouse."""
