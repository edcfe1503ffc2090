#include "judge/tls_audit.h"

const char *
audit_question_name(enum audit_question question)
{
	static const char *const names[AUDIT_QUESTIONS] = {[AUDIT_TLS10] = "tls1.0",
	    [AUDIT_TLS11] = "tls1.1",
	    [AUDIT_CERTIFICATE] = "other-certificate",
	    [AUDIT_CIPHERS] = "weak-ciphers",
	    [AUDIT_DH] = "finite-field-dh",
	    [AUDIT_CLEAR] = "mail-in-the-clear"};

	return names[question];
}

const char *
audit_answer_name(enum audit_answer answer)
{
	static const char *const names[] = {
	    [AUDIT_UNKNOWN] = "unknown", [AUDIT_YES] = "yes", [AUDIT_NO] = "no"};

	return names[answer];
}
