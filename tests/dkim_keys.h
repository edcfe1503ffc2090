/* dkim_keys: keys made for these tests; they sign nothing else. */
#ifndef TESTS_DKIM_KEYS_H
#define TESTS_DKIM_KEYS_H

static const char rsa2048_pkcs1[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEowIBAAKCAQEAt94kw2h1zitWR+5oS6nLxw3oLG/oyUw+ZrqMg/9t7ChlOgmC\n"
    "7ggANA8LVO1i5TsZ4uZL9YM4nxXudtMyGHMJY8tlDeind+HVVN/HBH19qpiRHFvb\n"
    "ErvQ1QGsvDJUoNua+OjvcnYxUDe0x2FMv3lyhblS/lzYi92bnFV1Vybr7DaP27lX\n"
    "WFRj9htZaStTX/3rw86Fn1OHQ2QuRi9ZEISUqVBi288pwzLqGdyLCPC79Acm0ict\n"
    "xdBFIqDCAcYI3BFVcLWQlUWiRZ8z41crVDHpHC2a/sxk8UdUV8TeqV3Ctpzj2eWv\n"
    "Hyua4i7XB+6XuteNTZCVs01I3usq3JJP55uPywIDAQABAoIBAEMtHjFmkOPqYXOW\n"
    "XvSF7LWlFxZlLJ+fA410yrHPONH3UESMBRICSlC6zmEQ+fjWRvbnPQlOD/nPgXhY\n"
    "YQ0dumiDf0A9qDHciJyhxYyWbLtPUnUR+lA13m50Vi/ME69RjKU0NYeUNyAfuiS+\n"
    "H9Q1AupoczILqfIv3RKZBm35AmkiRqOLY36W0L4Eyj50Ct/xT6GzQFoNRYVkWBcZ\n"
    "cHCpjptglJNZ0C/oPeIH7opMNbhK4WqHcrTiFPImF/dycCu2Msuvv7o2KehVkZBa\n"
    "NOZqBO08VvfpUZUpzC3+fij1iYddP7al8XSMfJ3w9FmZVGRUtsQDitIMcJ7EZzZ3\n"
    "Ug1mLoECgYEA8exbQ8pUaqnDIX803nwLPbf+MsoNfpw7dVkSnvt4qwtDGslXvSpq\n"
    "TwU1N9kSKaQKm08onG3+JaUURp8poNJkq/JXx0oOCFYGxFWd0IorNzEW4LrzbcKC\n"
    "L2GYnCUvXG3QfuI1PzfIM2jv/HButqAlwlD4T2pIN4w4I99AL7bApykCgYEAwpEA\n"
    "xS92GhdXMHAYvbjLbMCZeZu8Pq5o0D1pSKSiizjKI4Hu4DgKk0XbwCHQB98/adbk\n"
    "mGVejGoDxxutsClssw2bVWAx/2Td3kFjbGb9l8DSbWk46uHXAaOE/6KtTcUBWWEB\n"
    "WaN/RoR57sARIrun1oaeyZqgSAeiHQa+vztJodMCgYBb21a74rMy3MqOiXJVl9vc\n"
    "z2PhfP6quD+LSwra+rjSmTAdl52M4fIDlwKh9fYDgZnVZrUQ0GLTgF62gfCYc8pt\n"
    "z1KtBN1XJPLk0W1epVfLWQRKyDFt15D+1JvRjfzxp3Cm/NUi79dATfPxce9XwG8V\n"
    "3RCrdrt8++zFEhuZAlccIQKBgQC2ZbUxJcMzxnnIQO4QvbKGqy+1n1ej82DzBv8y\n"
    "SJTQq1ZkXySPMjpHwg+2WHxrRNBv6jK24yD1xVTxTXNQWCU83h6mtN1qLScJeoc4\n"
    "UnydzPf39dKT70/ei2rdM6X/6BXRsmzPmcRxWTPtrETkKMO5Cs7E9J4ZqH5Dc9VR\n"
    "9MScXQKBgAFzc/d0oLTrd1pxhCFnd6MiY2BNITTOG7rMzR1EbEQrRVcIm9Jq5khl\n"
    "YnTR/Hf5vLegonXwtikbt1TvZrXVf6dZInZEtAkDYhdGezZUAbstCeWGKab6thOb\n"
    "fi9PS8r8AffcHzX/1FF2QflRyR/nuTg0qVdVHmVQb9arWeJKIUnT\n"
    "-----END RSA PRIVATE KEY-----\n";
static const char rsa2048_pkcs8[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC33iTDaHXOK1ZH\n"
    "7mhLqcvHDegsb+jJTD5muoyD/23sKGU6CYLuCAA0DwtU7WLlOxni5kv1gzifFe52\n"
    "0zIYcwljy2UN6Kd34dVU38cEfX2qmJEcW9sSu9DVAay8MlSg25r46O9ydjFQN7TH\n"
    "YUy/eXKFuVL+XNiL3ZucVXVXJuvsNo/buVdYVGP2G1lpK1Nf/evDzoWfU4dDZC5G\n"
    "L1kQhJSpUGLbzynDMuoZ3IsI8Lv0BybSJy3F0EUioMIBxgjcEVVwtZCVRaJFnzPj\n"
    "VytUMekcLZr+zGTxR1RXxN6pXcK2nOPZ5a8fK5riLtcH7pe6141NkJWzTUje6yrc\n"
    "kk/nm4/LAgMBAAECggEAQy0eMWaQ4+phc5Ze9IXstaUXFmUsn58DjXTKsc840fdQ\n"
    "RIwFEgJKULrOYRD5+NZG9uc9CU4P+c+BeFhhDR26aIN/QD2oMdyInKHFjJZsu09S\n"
    "dRH6UDXebnRWL8wTr1GMpTQ1h5Q3IB+6JL4f1DUC6mhzMgup8i/dEpkGbfkCaSJG\n"
    "o4tjfpbQvgTKPnQK3/FPobNAWg1FhWRYFxlwcKmOm2CUk1nQL+g94gfuikw1uErh\n"
    "aodytOIU8iYX93JwK7Yyy6+/ujYp6FWRkFo05moE7TxW9+lRlSnMLf5+KPWJh10/\n"
    "tqXxdIx8nfD0WZlUZFS2xAOK0gxwnsRnNndSDWYugQKBgQDx7FtDylRqqcMhfzTe\n"
    "fAs9t/4yyg1+nDt1WRKe+3irC0MayVe9KmpPBTU32RIppAqbTyicbf4lpRRGnymg\n"
    "0mSr8lfHSg4IVgbEVZ3Qiis3MRbguvNtwoIvYZicJS9cbdB+4jU/N8gzaO/8cG62\n"
    "oCXCUPhPakg3jDgj30AvtsCnKQKBgQDCkQDFL3YaF1cwcBi9uMtswJl5m7w+rmjQ\n"
    "PWlIpKKLOMojge7gOAqTRdvAIdAH3z9p1uSYZV6MagPHG62wKWyzDZtVYDH/ZN3e\n"
    "QWNsZv2XwNJtaTjq4dcBo4T/oq1NxQFZYQFZo39GhHnuwBEiu6fWhp7JmqBIB6Id\n"
    "Br6/O0mh0wKBgFvbVrviszLcyo6JclWX29zPY+F8/qq4P4tLCtr6uNKZMB2XnYzh\n"
    "8gOXAqH19gOBmdVmtRDQYtOAXraB8Jhzym3PUq0E3Vck8uTRbV6lV8tZBErIMW3X\n"
    "kP7Um9GN/PGncKb81SLv10BN8/Fx71fAbxXdEKt2u3z77MUSG5kCVxwhAoGBALZl\n"
    "tTElwzPGechA7hC9soarL7WfV6PzYPMG/zJIlNCrVmRfJI8yOkfCD7ZYfGtE0G/q\n"
    "MrbjIPXFVPFNc1BYJTzeHqa03WotJwl6hzhSfJ3M9/f10pPvT96Lat0zpf/oFdGy\n"
    "bM+ZxHFZM+2sROQow7kKzsT0nhmofkNz1VH0xJxdAoGAAXNz93SgtOt3WnGEIWd3\n"
    "oyJjYE0hNM4buszNHURsRCtFVwib0mrmSGVidNH8d/m8t6CidfC2KRu3VO9mtdV/\n"
    "p1kidkS0CQNiF0Z7NlQBuy0J5YYppvq2E5t+L09LyvwB99wfNf/UUXZB+VHJH+e5\n"
    "ODSpV1UeZVBv1qtZ4kohSdM=\n"
    "-----END PRIVATE KEY-----\n";
static const char rsa2048_public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt94kw2h1zitWR+5oS6nL\n"
    "xw3oLG/oyUw+ZrqMg/9t7ChlOgmC7ggANA8LVO1i5TsZ4uZL9YM4nxXudtMyGHMJ\n"
    "Y8tlDeind+HVVN/HBH19qpiRHFvbErvQ1QGsvDJUoNua+OjvcnYxUDe0x2FMv3ly\n"
    "hblS/lzYi92bnFV1Vybr7DaP27lXWFRj9htZaStTX/3rw86Fn1OHQ2QuRi9ZEISU\n"
    "qVBi288pwzLqGdyLCPC79Acm0ictxdBFIqDCAcYI3BFVcLWQlUWiRZ8z41crVDHp\n"
    "HC2a/sxk8UdUV8TeqV3Ctpzj2eWvHyua4i7XB+6XuteNTZCVs01I3usq3JJP55uP\n"
    "ywIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
static const char rsa2048_public[] =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt94kw2h1zitWR+5oS6nLxw3oLG/oyUw+ZrqMg/"
    "9t7ChlOgmC7ggANA8LVO1i5TsZ4uZL9YM4nxXudtMyGHMJY8tlDeind+HVVN/"
    "HBH19qpiRHFvbErvQ1QGsvDJUoNua+OjvcnYxUDe0x2FMv3lyhblS/lzYi92bnFV1Vybr7DaP27lXWFRj9htZaStTX/"
    "3rw86Fn1OHQ2QuRi9ZEISUqVBi288pwzLqGdyLCPC79Acm0ictxdBFIqDCAcYI3BFVcLWQlUWiRZ8z41crVDHpHC2a/"
    "sxk8UdUV8TeqV3Ctpzj2eWvHyua4i7XB+6XuteNTZCVs01I3usq3JJP55uPywIDAQAB";
static const char rsa2048_bare[] =
    "MIIBCgKCAQEAt94kw2h1zitWR+5oS6nLxw3oLG/oyUw+ZrqMg/"
    "9t7ChlOgmC7ggANA8LVO1i5TsZ4uZL9YM4nxXudtMyGHMJY8tlDeind+HVVN/"
    "HBH19qpiRHFvbErvQ1QGsvDJUoNua+OjvcnYxUDe0x2FMv3lyhblS/lzYi92bnFV1Vybr7DaP27lXWFRj9htZaStTX/"
    "3rw86Fn1OHQ2QuRi9ZEISUqVBi288pwzLqGdyLCPC79Acm0ictxdBFIqDCAcYI3BFVcLWQlUWiRZ8z41crVDHpHC2a/"
    "sxk8UdUV8TeqV3Ctpzj2eWvHyua4i7XB+6XuteNTZCVs01I3usq3JJP55uPywIDAQAB";
static const char rsa1024_pkcs1[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICWwIBAAKBgQDd6UbomWB6EPBxpEboj3ycetY2CV0fxFSHEPPN+MvYc/GHmHAF\n"
    "vpaDPpdigETmkFeDSVALEJEXgdsMI36EIgfR5pgp733Ishif+N1n3IIf2TtCwJW7\n"
    "fKaEXDp+uIdFqP7O6G91RjwafFE+SLFoqEfCCcSNXrUimba/mQ5BMGg2rQIDAQAB\n"
    "AoGAAv8kcv2nPN6/sHksb/WIFEDgZahotoYbMhu7fxuN/SVLrK4VTS6Or8UHnE/p\n"
    "HkfytpYl25BktTGOuLI+AiDHhDqtg5kVUbGZYkctOCi/1mZ47ZOfCZyn0Lz+j16R\n"
    "0eCQS413YyGV/Z7DP4pI8ixIxcgNgbLjyr7/gjhWVKaBqKECQQD0L/o06DWlz8OZ\n"
    "k3awXj3eJ9f4/ZnysRIzHx8EhZyNXBF4+rIUlSij4ITJ1WTPiuVi5za88nT5b9fI\n"
    "UCsf70SJAkEA6KVuU6E1o4xLk8qRb0Av/imtJt/NKYJ+XWCxPRBIq+3qVyzaDb95\n"
    "APm/tIWuclp+HM02HpTKUvgphfPkpaTgBQJAP+VyBngg2aOVHlGtBBeU/tXUOM47\n"
    "g3r8NS5WkntX7NGDrPGEucgSG1e7x4i0WW6R+aBg/W5AV6kBgOQhdLjKaQJAP6b7\n"
    "n6AM9/lruD0FO6YZO3YVrPwwuvm8LzpEZAuvhnLq2f0oj/hiWBT9EZw91YXS2XiA\n"
    "JS/ah4bkfYT0eym4LQJAOxKMpyKhB2ZX2bCLLtaUfw1IZ90VMCXB36WslLNfUKDs\n"
    "uEXxO15sjuc3xRxsOm1WD/xvcdWZ9IZ3VSoaeNWyqg==\n"
    "-----END RSA PRIVATE KEY-----\n";
static const char rsa1024_public[] =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDd6UbomWB6EPBxpEboj3ycetY2CV0fxFSHEPPN+MvYc/"
    "GHmHAFvpaDPpdigETmkFeDSVALEJEXgdsMI36EIgfR5pgp733Ishif+N1n3IIf2TtCwJW7fKaEXDp+"
    "uIdFqP7O6G91RjwafFE+SLFoqEfCCcSNXrUimba/mQ5BMGg2rQIDAQAB";
static const char rsa512_pkcs1[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIBOgIBAAJBAMc3MAf99DyjRJIBMnHAQ2OyfikS+yl+YBnFq5RaJ6h+zE5UfawX\n"
    "NvY4P7iKtCYPxFxuRT43ji976U7UDoS2BPsCAwEAAQJBAI6YJBs0XeQhgW14yeC+\n"
    "G/56vu8rlPfoa2VHJj90ILrrdCibcVCjWgVOZZK8To6gbIbDgR8ZZjVbDMiLTBFU\n"
    "c0ECIQDtGuVdR7IF7rsW9BdXiW6PgucvfHMISM1jGVJnPUpYcQIhANcXUgouQXFg\n"
    "rhhbT85eZpQKJtSa1/n72VogozC+cMorAiAf715zOOPebrAeQFQggy8z/yKaP73S\n"
    "oNOhBFkX9KZd0QIgBtRtvXcEivYX8RwNJ69lsHO2EfAsxXpSx4Lby7NwX2sCIBIw\n"
    "HJY+24RjX9cIx4FHozRQZIs0MNRbqNxpr5NT+nvR\n"
    "-----END RSA PRIVATE KEY-----\n";
static const char rsa512_public[] =
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMc3MAf99DyjRJIBMnHAQ2OyfikS+yl+YBnFq5RaJ6h+"
    "zE5UfawXNvY4P7iKtCYPxFxuRT43ji976U7UDoS2BPsCAwEAAQ==";
static const char ec_pem[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEIEP256N0DdGanxPC2BSwSSlQe0HLMAbA9bDVPTKlDCgwoAoGCCqGSM49\n"
                             "AwEHoUQDQgAEfYjNa9gGsw5JD7ousbVWLtXHHLkVFCO0yXH7DuluYIJMlUALVlFe\n"
                             "rfaq3I6GmVJKJ0EYZMasF2mEfIXIwyaGOA==\n"
                             "-----END EC PRIVATE KEY-----\n";
static const char ec_public[] = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfYjNa9gGsw5JD7ousbVWLtXHHLkVFC"
                                "O0yXH7DuluYIJMlUALVlFerfaq3I6GmVJKJ0EYZMasF2mEfIXIwyaGOA==";
static const char ed25519_pkcs8[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHqxr+ewDVpd2U9HiFOOUCXcWpC/Z5S6LNc1/YE+a0Qa\n"
    "-----END PRIVATE KEY-----\n";
static const char ed25519_locked[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj61brr6nG8bQICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENqGxN8UCvn5QGqd9P6qYbwEQH8n\n"
    "erM6rDO8OZWsTgjegdIcPCSLz4LHFmkcyMYhMWWfs5MuP5+KBMwRU2hCvGHErzzX\n"
    "EQKsJqKdyGEnGw1dNEs=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
static const char ed25519_spki[] = "MCowBQYDK2VwAyEASWKbgEBDXhET9qiK8t/VECfusHbTCIhIMZ7LGEeYA14=";

#endif
