SELECT avg(octet_length(s.selection::text)) FROM bench.selections AS s
