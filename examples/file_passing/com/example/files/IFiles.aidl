package com.example.files;

import android.os.ParcelFileDescriptor;

interface IFiles {
  // The reading end of a pipe with that text in it.
  ParcelFileDescriptor open(@utf8InCpp String text);
  // Writes into a file of the caller.
  void write(in ParcelFileDescriptor file, @utf8InCpp String text);
}
