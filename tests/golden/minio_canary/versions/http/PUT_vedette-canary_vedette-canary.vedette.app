HTTP/1.1 200 OK
x-amz-version-id: v3

