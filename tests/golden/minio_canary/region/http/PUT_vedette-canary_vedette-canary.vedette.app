HTTP/1.1 400 X
Date: Tue, 14 Nov 2023 20:13:20 GMT
Content-Type: application/xml

<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region><BucketName>vedette-canary</BucketName><Resource>/vedette-canary/</Resource><RequestId>1797</RequestId><HostId>dd90</HostId></Error>