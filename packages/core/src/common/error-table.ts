/**
 * Every code that a `FlinktsError` can carry. `retryable` says whether a restart of the job may
 * help: a job whose failure is not retryable ends at once, whatever its restart strategy.
 * docs/errors.md is made from this table.
 */
export const errorTable = {
  // Defining a job.
  FLINKTS_JOB_INVALID: { retryable: false, summary: 'The job definition breaks a rule.' },
  FLINKTS_OPERATOR_ID_INVALID: { retryable: false, summary: 'An operator id has a wrong form.' },
  FLINKTS_OPERATOR_ID_DUPLICATE: {
    retryable: false,
    summary: 'Two operators of a job have the same id.',
  },
  FLINKTS_GUARANTEE_VIOLATED: {
    retryable: false,
    summary: 'A source or sink cannot give the guarantee that the job demands.',
  },
  FLINKTS_OPTION_INVALID: { retryable: false, summary: 'An option has a value out of its range.' },
  FLINKTS_PREFLIGHT_FAILED: {
    retryable: false,
    summary: 'Checks made before the start found errors; all of them are listed.',
  },
  // The command.
  FLINKTS_ARGUMENT_INVALID: {
    retryable: false,
    summary: 'The command line has an unknown command or option, or a wrong value.',
  },
  FLINKTS_JOB_FILE_NOT_FOUND: { retryable: false, summary: 'The job file does not exist.' },
  FLINKTS_JOB_FILE_INVALID: {
    retryable: false,
    summary: 'The job file cannot be loaded, or its default export is not a job.',
  },
  FLINKTS_PROCESS_FAILED: {
    retryable: false,
    summary: 'Something threw where nobody catches it, or ended the process of the job.',
  },
  FLINKTS_PROVE_UNSUPPORTED: {
    retryable: false,
    summary: 'A source or sink has no prover, so that flinkts prove cannot run the job.',
  },
  FLINKTS_PROVE_NO_REFERENCE: {
    retryable: false,
    summary: 'Undisturbed runs fail, commit nothing or differ: there is nothing to compare with.',
  },
  // Testing.
  FLINKTS_TEST_INVALID: {
    retryable: false,
    summary: 'A test asks for what no job does, or what it runs never comes to rest or its end.',
  },
  FLINKTS_CONFORMANCE_VIOLATED: {
    retryable: false,
    summary: 'A connector does not do what it declares; the message has the line that replays it.',
  },
  // Running a job.
  FLINKTS_USER_FUNCTION_FAILED: {
    retryable: true,
    summary: 'A function of the job threw; the record is shown.',
  },
  FLINKTS_ASYNC_TIMEOUT: {
    retryable: true,
    summary: 'An asynchronous function gave no result in time; the record is shown.',
  },
  FLINKTS_KEY_INVALID: {
    retryable: false,
    summary: 'A key selector returned a value that cannot be a key.',
  },
  FLINKTS_KEY_MISSING: {
    retryable: false,
    summary: 'Keyed state or a timer was used where there is no key.',
  },
  FLINKTS_TIMESTAMP_MISSING: {
    retryable: false,
    summary: 'A record without a timestamp reached an operator that works on event time.',
  },
  FLINKTS_PARTITION_INVALID: {
    retryable: false,
    summary: 'A custom partitioner chose a subtask that does not exist; the record is shown.',
  },
  FLINKTS_WINDOW_MERGE_INVALID: {
    retryable: false,
    summary: 'A window assigner merged windows into one whose time has passed.',
  },
  FLINKTS_ALIGNMENT_UNSUPPORTED: {
    retryable: false,
    summary: 'A source with watermark alignment has a reader of many splits that cannot pause one.',
  },
  FLINKTS_RESTARTS_EXHAUSTED: {
    retryable: false,
    summary: 'The job failed more often than its restart strategy allows.',
  },
  FLINKTS_JOB_ALREADY_RUNNING: {
    retryable: false,
    summary: 'Another process runs this job on the same checkpoint directory.',
  },
  FLINKTS_ATTEMPT_FENCED: {
    retryable: false,
    summary: 'A later attempt of the job has taken over; this one stopped.',
  },
  FLINKTS_THREAD_FAILED: {
    retryable: true,
    summary: 'A thread that runs tasks ended by an uncaught error or an exit, or did not start.',
  },
  FLINKTS_THREAD_OUT_OF_MEMORY: {
    retryable: true,
    summary: 'The heap of a thread that runs tasks has reached its limit.',
  },
  FLINKTS_THREAD_MODULE_INVALID: {
    retryable: false,
    summary: 'The module of a job cannot be loaded in a thread, or gives another job there.',
  },
  FLINKTS_RECORD_NOT_TRANSFERABLE: {
    retryable: false,
    summary: 'A record that goes to another thread has no serial form.',
  },
  FLINKTS_TASK_FAILED: { retryable: true, summary: 'A task failed for a reason without a code.' },
  FLINKTS_ASSERTION_FAILED: {
    retryable: true,
    summary: 'An invariant of flinkts does not hold: a defect of flinkts.',
  },
  // State and checkpoints.
  FLINKTS_STATE_UNSERIALIZABLE: {
    retryable: false,
    summary: 'A value in state has no serial form (a function, a symbol, a class instance).',
  },
  FLINKTS_STATE_UNREADABLE: {
    retryable: false,
    summary: 'Stored bytes have a format or version that this release does not read.',
  },
  FLINKTS_STATE_INCOMPATIBLE: {
    retryable: false,
    summary: 'The restored state does not fit the job.',
  },
  FLINKTS_STATE_ORPHANED: {
    retryable: false,
    summary: 'The restored checkpoint holds state of an operator that the job no longer has.',
  },
  FLINKTS_CHECKPOINT_CORRUPT: {
    retryable: false,
    summary: 'A file of a checkpoint is truncated or damaged.',
  },
  FLINKTS_CHECKPOINT_NOT_FOUND: {
    retryable: false,
    summary: 'The checkpoint to restore from does not exist.',
  },
  FLINKTS_CHECKPOINT_EXPIRED: {
    retryable: true,
    summary: 'A checkpoint was not acknowledged by every task in time.',
  },
  FLINKTS_CHECKPOINT_ABORTED: {
    retryable: true,
    summary: 'A checkpoint was given up while its state was being written.',
  },
  FLINKTS_CHECKPOINT_DECLINED: {
    retryable: true,
    summary: 'Checkpoints failed more often in a row than the job tolerates.',
  },
  FLINKTS_COMMIT_REJECTED: {
    retryable: false,
    summary: 'An external system refused the commit of a completed checkpoint for good.',
  },
  FLINKTS_COMMIT_RETRIES_EXHAUSTED: {
    retryable: true,
    summary: 'The commit of a completed checkpoint did not succeed in the allowed number of tries.',
  },
  // Storage.
  FLINKTS_STORAGE_UNWRITABLE: {
    retryable: false,
    summary: 'A directory cannot be created or written.',
  },
  FLINKTS_STORAGE_FULL: { retryable: true, summary: 'No space is left where a file is written.' },
  FLINKTS_STORAGE_FAILED: { retryable: true, summary: 'Reading or writing a file failed.' },
  // Formats.
  FLINKTS_RECORD_UNDECODABLE: {
    retryable: false,
    summary: 'Bytes read by a source are not a record of the expected format.',
  },
  FLINKTS_RECORD_UNENCODABLE: {
    retryable: false,
    summary: 'A record has a value that the output format cannot express.',
  },
  // Files.
  FLINKTS_BUCKET_INVALID: {
    retryable: false,
    summary: 'A record has no bucket, or one that is not a directory name.',
  },
  FLINKTS_FILE_CHANGED: {
    retryable: false,
    summary: 'A file was replaced, cut or removed while a source was reading it.',
  },
  // Postgres.
  FLINKTS_POSTGRES_CONNECTION_FAILED: {
    retryable: true,
    summary: 'The server cannot be reached, or a connection to it broke.',
  },
  FLINKTS_POSTGRES_STREAM_SILENT: {
    retryable: true,
    summary: 'The server sent nothing for longer than the receive timeout.',
  },
  FLINKTS_POSTGRES_TLS_FAILED: {
    retryable: false,
    summary: 'The server offers no TLS, or its certificate is not trusted.',
  },
  FLINKTS_POSTGRES_AUTHENTICATION_FAILED: {
    retryable: false,
    summary: 'The server refused the user or the password.',
  },
  FLINKTS_POSTGRES_PERMISSION_DENIED: {
    retryable: false,
    summary: 'The role lacks a right that the connector needs.',
  },
  FLINKTS_POSTGRES_OBJECT_MISSING: {
    retryable: false,
    summary: 'A database, table, slot or publication does not exist.',
  },
  FLINKTS_POSTGRES_LIMIT_REACHED: {
    retryable: false,
    summary: 'A limit set on the server, such as max_replication_slots, is used up.',
  },
  FLINKTS_POSTGRES_SLOT_IN_USE: {
    retryable: true,
    summary: 'Another process reads from the replication slot.',
  },
  FLINKTS_POSTGRES_SLOT_LOST: {
    retryable: false,
    summary: 'The server removed WAL that the replication slot needed.',
  },
  FLINKTS_POSTGRES_SLOT_AHEAD: {
    retryable: false,
    summary: 'The replication slot no longer has the changes since the checkpoint.',
  },
  FLINKTS_POSTGRES_SLOT_MISMATCH: {
    retryable: false,
    summary: 'The replication slot belongs to another database or output plugin.',
  },
  FLINKTS_POSTGRES_SYSTEM_MISMATCH: {
    retryable: false,
    summary: 'The checkpoint belongs to another database server.',
  },
  FLINKTS_POSTGRES_SERVER_UNSUPPORTED: {
    retryable: false,
    summary: 'The server is older than the connector supports.',
  },
  FLINKTS_POSTGRES_TABLE_MISSING: {
    retryable: false,
    summary: 'A table of a source, sink or lookup does not exist.',
  },
  FLINKTS_POSTGRES_TABLE_UNSUPPORTED: {
    retryable: false,
    summary: 'A table of this kind, such as a view, can be no source or no sink.',
  },
  FLINKTS_POSTGRES_TABLES_CHANGED: {
    retryable: false,
    summary: 'The tables of the source are not those of the checkpoint.',
  },
  FLINKTS_POSTGRES_KEY_MISSING: {
    retryable: false,
    summary: 'A table has no key that names its rows.',
  },
  FLINKTS_POSTGRES_KEY_CHANGED: {
    retryable: false,
    summary: 'The key of a table was changed while its changes were read.',
  },
  FLINKTS_POSTGRES_VALUE_MISSING: {
    retryable: false,
    summary: 'A change lacks a value that is needed, such as a large one that Postgres left out.',
  },
  FLINKTS_POSTGRES_PUBLICATION_INCOMPLETE: {
    retryable: false,
    summary: 'The publication is missing, or lacks tables or kinds of changes.',
  },
  FLINKTS_POSTGRES_TRANSACTION_OPEN: {
    retryable: true,
    summary: 'Transactions that were open at the start did not end in time.',
  },
  FLINKTS_POSTGRES_WAL_LEVEL: {
    retryable: false,
    summary: 'The server runs without wal_level=logical.',
  },
  FLINKTS_POSTGRES_QUERY_INTERRUPTED: {
    retryable: true,
    summary: 'A statement was stopped by a lock timeout, a cancel or a conflict.',
  },
  FLINKTS_POSTGRES_QUERY_FAILED: {
    retryable: false,
    summary: 'The server refused a statement.',
  },
  FLINKTS_POSTGRES_LOOKUP_TOO_SLOW: {
    retryable: true,
    summary: 'A query of a lookup took longer than the option allows.',
  },
  FLINKTS_POSTGRES_LOOKUP_TOO_LARGE: {
    retryable: false,
    summary: 'A key of a lookup has more rows than the option allows.',
  },
  FLINKTS_POSTGRES_COLUMN_INVALID: {
    retryable: false,
    summary: 'A column that is to be written or looked up does not exist or is unfit for that.',
  },
  FLINKTS_POSTGRES_VALUE_INVALID: {
    retryable: false,
    summary: 'A record holds a value that the column it is for cannot.',
  },
  FLINKTS_POSTGRES_TRUNCATED: {
    retryable: false,
    summary: 'A captured table was truncated, which a sink that copies it cannot repeat.',
  },
  FLINKTS_POSTGRES_PREPARED_DISABLED: {
    retryable: false,
    summary: 'The server runs with max_prepared_transactions=0.',
  },
  FLINKTS_POSTGRES_PREPARED_EXHAUSTED: {
    retryable: true,
    summary: 'All prepared transactions that the server allows are in use.',
  },
  FLINKTS_POSTGRES_TRANSACTION_LOST: {
    retryable: true,
    summary: 'The server rolled back a transaction that the sink was about to finish.',
  },
  FLINKTS_POSTGRES_MESSAGE_TOO_LARGE: {
    retryable: false,
    summary: 'A row in the stream is longer than the option allows.',
  },
  FLINKTS_POSTGRES_PROTOCOL_VIOLATED: {
    retryable: false,
    summary: 'The server sent bytes that its protocol does not allow.',
  },

  // Kafka.
  FLINKTS_KAFKA_UNREACHABLE: {
    retryable: true,
    summary: 'No connection to a broker could be made.',
  },
  FLINKTS_KAFKA_CONNECTION_LOST: {
    retryable: true,
    summary: 'A connection to a broker broke; what was asked for may have been done.',
  },
  FLINKTS_KAFKA_REQUEST_TIMED_OUT: {
    retryable: true,
    summary: 'A broker did not answer in time; what was asked for may have been done.',
  },
  FLINKTS_KAFKA_TLS_FAILED: {
    retryable: false,
    summary: 'The broker offers no TLS, or its certificate is not trusted.',
  },
  FLINKTS_KAFKA_AUTHENTICATION_FAILED: {
    retryable: false,
    summary: 'The broker refused the user, the password or the mechanism.',
  },
  FLINKTS_KAFKA_PERMISSION_DENIED: {
    retryable: false,
    summary: 'The user lacks a right that the connector needs.',
  },
  FLINKTS_KAFKA_PRODUCER_FENCED: {
    retryable: true,
    summary: 'Another producer has the transactional id, or the transaction timed out.',
  },
  FLINKTS_KAFKA_UNAVAILABLE: {
    retryable: true,
    summary: 'A leader or a coordinator was missing for longer than the time allowed.',
  },
  FLINKTS_KAFKA_REQUEST_REFUSED: {
    retryable: false,
    summary: 'A broker refused a request.',
  },
  FLINKTS_KAFKA_DRIVER_UNSUITABLE: {
    retryable: false,
    summary: 'The installed kafkajs is not the version that the connector relies on.',
  },
  FLINKTS_KAFKA_BROKER_UNSUPPORTED: {
    retryable: false,
    summary: 'The broker and flinkts have no version of a request in common.',
  },
  FLINKTS_KAFKA_PROTOCOL_VIOLATED: {
    retryable: false,
    summary: 'The broker sent bytes that its protocol does not allow.',
  },
  FLINKTS_KAFKA_RECORDS_INVALID: {
    retryable: true,
    summary: 'The bytes of a record batch are damaged.',
  },
  FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED: {
    retryable: false,
    summary: 'Records of a topic have an old format, or are compressed by an unknown method.',
  },
  FLINKTS_KAFKA_BATCH_TOO_LARGE: {
    retryable: false,
    summary: 'The records of a batch take more memory than the option allows.',
  },
  FLINKTS_KAFKA_RECORD_INVALID: {
    retryable: false,
    summary: 'A record that is to be written has what Kafka cannot keep.',
  },
  FLINKTS_KAFKA_RECORD_TOO_LARGE: {
    retryable: false,
    summary: 'A record or batch is larger than the options or the topic allow.',
  },
  FLINKTS_KAFKA_PARTITION_INVALID: {
    retryable: false,
    summary: 'A partition was chosen for a record that its topic does not have.',
  },
  FLINKTS_KAFKA_PRODUCER_STATE_LOST: {
    retryable: true,
    summary: 'A broker does not know the earlier batches or the transaction of a producer.',
  },
  FLINKTS_KAFKA_TOPIC_MISSING: {
    retryable: true,
    summary: 'A topic or partition that is to be read or written does not exist.',
  },
  FLINKTS_KAFKA_TOPIC_CHANGED: {
    retryable: false,
    summary: 'A topic was deleted, and maybe made anew, while its positions are in checkpoints.',
  },
  FLINKTS_KAFKA_OFFSET_OUT_OF_RANGE: {
    retryable: false,
    summary: 'The next record to read is not kept any more.',
  },
  FLINKTS_KAFKA_LOG_TRUNCATED: {
    retryable: false,
    summary: 'A partition lost records that had been read.',
  },
  FLINKTS_KAFKA_CLUSTER_CHANGED: {
    retryable: false,
    summary: 'A Kafka transaction that is to be committed belongs to another cluster.',
  },
  FLINKTS_KAFKA_TRANSACTIONS_EXHAUSTED: {
    retryable: true,
    summary: 'A Kafka sink has as many prepared transactions as it may.',
  },
  FLINKTS_KAFKA_RECORD_NOT_DESERIALIZABLE: {
    retryable: false,
    summary: 'A deserializer refused the key or the value of a record.',
  },
} as const
