module murre-bench

go 1.21
