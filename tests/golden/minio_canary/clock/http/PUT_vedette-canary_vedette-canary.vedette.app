HTTP/1.1 403 X
Date: Tue, 14 Nov 2023 20:13:20 GMT
Content-Type: application/xml

<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the server&#39;s time is too large.</Message><BucketName>vedette-canary</BucketName><Resource>/vedette-canary/</Resource><RequestId>1797</RequestId><HostId>dd90</HostId></Error>