HTTP/1.1 507 X
Date: Tue, 14 Nov 2023 20:13:20 GMT
Content-Type: application/xml

<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed.</Message><BucketName>vedette-canary</BucketName><Resource>/vedette-canary/</Resource><RequestId>1797</RequestId><HostId>dd90</HostId></Error>