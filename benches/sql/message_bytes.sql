SELECT sum(octet_length(m.message)) FROM bench.messages AS m
