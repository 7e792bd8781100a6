HTTP/1.1 200 OK
ETag: "x"

