module example.invalid/stub

go 1.26
